"""How well units agree with phones, of their joint counts.

Hsu et al.: HuBERT, IEEE/ACM TASLP 2021, arXiv 2106.07447, section 4.5 and appendix.
"""

import torch
from torch import Tensor


def joint_counts(phones: Tensor, units: Tensor, classes: int, clusters: int) -> Tensor:
    """float64 [classes, clusters]: frames of each phone [F] and unit [F]."""
    counts = torch.bincount(phones * clusters + units, minlength=classes * clusters)
    return counts.view(classes, clusters).double()


def phone_purity(counts: Tensor) -> float:
    """The share of frames whose phone is their unit's most frequent one."""
    return float(counts.amax(0).sum() / counts.sum())


def cluster_purity(counts: Tensor) -> float:
    """The share of frames whose unit is their phone's most frequent one."""
    return float(counts.amax(1).sum() / counts.sum())


def normalised_information(counts: Tensor) -> float:
    """PNMI = I(phone; unit) / H(phone): the share of the phones' uncertainty that the units take away."""
    joint = counts / counts.sum()
    phones, units = joint.sum(1, keepdim=True), joint.sum(0, keepdim=True)
    information = torch.xlogy(joint, joint).sum() - torch.xlogy(joint, phones * units).sum()
    entropy = -torch.xlogy(phones, phones).sum()
    return float(information / entropy) if entropy > 0 else 0.0
