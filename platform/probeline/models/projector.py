"""Projection heads z = g(h)."""

from itertools import pairwise
from typing import Literal

from torch import nn

Kind = Literal["none", "linear", "nonlinear"]


def projector(kind: Kind, inputs: int, outputs: int, *, bias: bool = True) -> nn.Module:
    """SimCLR's head: [B, inputs] in, [B, outputs] out ([B, inputs] for `none`).

    `nonlinear` has one hidden layer as wide as h. As in the official code, batch norm follows each layer and the last
    layer has no bias of its own. `bias`: whether that last batch norm has one; the official code's has a weight alone.

    Source: Chen et al. 2020 (arXiv 2002.05709), section 4.2 and figure 8.
    """
    if kind == "none":
        return nn.Identity()
    last = [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs)]
    if not bias:
        last[1].register_parameter("bias", None)
    if kind == "linear":
        return nn.Sequential(*last)
    return nn.Sequential(nn.Linear(inputs, inputs), nn.BatchNorm1d(inputs), nn.ReLU(inplace=True), *last)


def mlp(*sizes: int, last_bias: bool = True) -> nn.Sequential:
    """Linear layers from sizes[0] to sizes[-1], batch norm and ReLU between them; nothing follows the last one.

    A layer that batch norm follows has no bias. `last_bias`: whether the last layer has one. It is the head of BYOL
    (section 3.3), Barlow Twins (section 2.2) and VICReg (section 4.2).
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes[:-1]):
        layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1], bias=last_bias))
