"""HuBERT's objective: the cluster of a frame, of masked ones and of the others.

Hsu et al.: HuBERT, IEEE/ACM TASLP 2021, arXiv 2106.07447, section 2.2 and eq. 3.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def cluster_logits(projected: Tensor, clusters: Tensor, temperature: float) -> Tensor:
    """[..., C]: cosines of projected [..., D] with the embeddings of clusters [C, D], over `temperature`."""
    return F.normalize(projected.float(), dim=-1) @ F.normalize(clusters.float(), dim=-1).T / temperature


def masked_prediction(
    logits: Tensor, targets: Tensor, mask: Tensor, real: Tensor, alpha: float
) -> tuple[Tensor, Tensor, Tensor]:
    """alpha L_m + (1 - alpha) L_u, nats a frame, and its two parts: of frames that are masked, and of the others.

    logits: [B, T, C]; targets: int64 [B, T]; mask, real: bool [B, T]. A part without a frame is 0.
    """
    each = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape)
    masked, unmasked = (_mean(each, chosen) for chosen in (mask & real, ~mask & real))
    return alpha * masked + (1 - alpha) * unmasked, masked, unmasked


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    return torch.where(chosen, values, 0).sum() / chosen.sum().clamp(min=1)
