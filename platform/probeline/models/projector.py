"""Projection heads z = g(h)."""

from typing import Literal

from torch import nn

Kind = Literal["none", "linear", "nonlinear"]


def projector(kind: Kind, inputs: int, outputs: int) -> nn.Module:
    """SimCLR's head: [B, inputs] in, [B, outputs] out ([B, inputs] for `none`).

    `nonlinear` has one hidden layer as wide as h. As in the official code, batch norm follows each layer and the
    last one has no bias of its own.

    Source: Chen et al. 2020 (arXiv 2002.05709), section 4.2 and figure 8.
    """
    if kind == "none":
        return nn.Identity()
    last = [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs)]
    if kind == "linear":
        return nn.Sequential(*last)
    return nn.Sequential(nn.Linear(inputs, inputs), nn.BatchNorm1d(inputs), nn.ReLU(inplace=True), *last)
