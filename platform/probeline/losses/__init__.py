"""Losses of the papers: pure functions, tensors in, scalar out; one idea a file.

`pml`, any loss of pytorch-metric-learning, is not among the names exported here: it is called by `name: pml/...`.
"""

from probeline.losses.barlow_twins import barlow_twins
from probeline.losses.dcl import dcl
from probeline.losses.margin_triplet import margin_triplet
from probeline.losses.negative_cosine import negative_cosine
from probeline.losses.nt_logistic import nt_logistic
from probeline.losses.nt_xent import nt_xent
from probeline.losses.supcon import supcon
from probeline.losses.vicreg import vicreg

__all__ = [
    "barlow_twins",
    "dcl",
    "margin_triplet",
    "negative_cosine",
    "nt_logistic",
    "nt_xent",
    "supcon",
    "vicreg",
]
