"""A product quantiser that chooses codes by a straight-through Gumbel softmax.

Baevski et al.: wav2vec 2.0, arXiv 2006.11477, section 2 and eq. 1; Jang, Gu, Poole: Categorical Reparameterization with
Gumbel-Softmax, ICLR 2017, arXiv 1611.01144.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Quantised(NamedTuple):
    """vectors: [B, T, D]; codes: int64 [B, T, G]; probabilities: [B, T, G, V], without noise and temperature."""

    vectors: Tensor
    codes: Tensor
    probabilities: Tensor


class GumbelQuantiser(nn.Module):
    """G codebooks of V codes of dim / G numbers each; a frame's vector is its G codes side by side."""

    def __init__(self, features: int, groups: int, codes: int, dim: int) -> None:
        """Raises ValueError where `groups` does not divide `dim`."""
        super().__init__()
        if dim % groups:
            raise ValueError(f"a code of {dim} numbers cannot be divided into {groups} groups")
        self.groups, self.codes = groups, codes
        self.logits = nn.Linear(features, groups * codes)
        self.codebook = nn.Parameter(torch.rand(groups, codes, dim // groups))
        nn.init.normal_(self.logits.weight)
        nn.init.zeros_(self.logits.bias)

    def forward(self, z: Tensor, temperature: float | Tensor) -> Quantised:
        """z: [B, T, features]. While training codes are drawn, from torch's generator; else the likeliest are taken."""
        logits = self.logits(z).unflatten(2, (self.groups, self.codes)).float()
        codes = logits.argmax(3)
        hard = F.one_hot(codes, self.codes).to(logits.dtype)
        if self.training:
            noise = -torch.empty_like(logits).exponential_().log()
            soft = ((logits + noise) / temperature).softmax(3)
            codes = soft.argmax(3)
            hard = F.one_hot(codes, self.codes).to(logits.dtype) - soft.detach() + soft
        vectors = torch.einsum("btgv,gvd->btgd", hard, self.codebook.float()).flatten(2)
        return Quantised(vectors, codes, logits.softmax(3))
