"""Losses of the papers: pure functions, tensors in, scalar out; one idea a file.

A file's `TAKES` says on what: `views`, two views of every sample (where it says nothing); `pairs`, pairs of samples and
whether each is of one class; `classes`, samples and their labels.
`pml`, any loss of pytorch-metric-learning, is not among the names exported here: it is called by `name: pml/...`.
"""

from probeline.losses.barlow_twins import barlow_twins
from probeline.losses.bce import bce
from probeline.losses.contrastive import contrastive
from probeline.losses.cosine_target import cosine_target
from probeline.losses.dcl import dcl
from probeline.losses.margin_triplet import margin_triplet
from probeline.losses.negative_cosine import negative_cosine
from probeline.losses.nt_logistic import nt_logistic
from probeline.losses.nt_xent import nt_xent
from probeline.losses.supcon import supcon
from probeline.losses.triplet import triplet
from probeline.losses.triplet_ranking import triplet_ranking
from probeline.losses.vicreg import vicreg

__all__ = [
    "barlow_twins",
    "bce",
    "contrastive",
    "cosine_target",
    "dcl",
    "margin_triplet",
    "negative_cosine",
    "nt_logistic",
    "nt_xent",
    "supcon",
    "triplet",
    "triplet_ranking",
    "vicreg",
]
