"""Noise-contrastive losses of one positive against several negatives, row by row.

InfoNCE: van den Oord, Li, Vinyals, arXiv 1807.03748, eq. 4. Binary: wav2vec, Schneider et al., arXiv 1904.05862, eq. 1.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(positive: Tensor, negatives: Tensor) -> Tensor:
    """[N], nats: -log softmax of positive [N] among itself and negatives [N, K]; -inf leaves a negative out.

    The least value of its mean is log (K + 1) - I, I the mutual information of what is compared.
    """
    return torch.cat([positive[:, None], negatives], dim=1).logsumexp(1) - positive


def binary_nce(positive: Tensor, negatives: Tensor, weight: float) -> Tensor:
    """[N], nats: -log sigma(positive) - weight * mean over K of log sigma(-negative); -inf leaves a negative out.

    positive: [N]; negatives: [N, K]. With `weight` = K it is the sum over negatives, as in the paper.
    """
    present = negatives > -math.inf
    each = F.softplus(negatives.masked_fill(~present, 0)) * present
    return F.softplus(-positive) + weight * each.sum(1) / present.sum(1).clamp(min=1)
