"""Binary cross entropy of a weighted L1 distance: the probability that the two samples of a pair are of one class.

Koch, Zemel, Salakhutdinov: Siamese Neural Networks for One-shot Image Recognition, ICML Deep Learning Workshop 2015
(no arXiv version).
"""

from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import Settings
from probeline.losses._pairs import full_precision, listed_pairs

TAKES = ("pairs",)
LEARNS = ("weight", "bias")
"""Tensors that the method learns and hands over, by name: `weight` [D], `bias` []."""


class Config(Settings):
    """No parameters."""


def bce(za: Tensor, zb: Tensor, same: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The mean over the pairs of the cross entropy of p = sigmoid(sum_j weight_j |za_j - zb_j| + bias).

    Example:
        >>> from probeline.losses import bce
        >>> za, zb = torch.randn(2, 256, 32, requires_grad=True)
        >>> bce(za, zb, torch.arange(256) < 128, -torch.ones(32), torch.zeros(())).backward()

    Args:
        za, zb: [B, D] projections of the two samples of every pair.
        same: bool [B], whether the two are of one class.
        weight, bias: [D] and [], learned with the encoder; the paper's alpha, and a bias that its sigmoid needs as
            distances are not negative.

    Returns:
        A scalar in nats.

    Raises:
        ValueError: shapes differ.

    Source: section 3.1, where the last layer is; section 3.2, the loss.
    """
    za, zb = listed_pairs(za, zb, same)
    with full_precision(za):
        return F.binary_cross_entropy_with_logits(l1_logits(za, zb, weight, bias), same.to(za.dtype))


def l1_logits(za: Tensor, zb: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """[B] log-odds that pairs of [B, D] are of one class. Raises ValueError where `weight` is not [D]."""
    if weight.shape != za.shape[1:] or bias.ndim:
        raise ValueError(f"weight is [D] with D = {za.shape[1]} and bias a scalar; got {[*weight.shape]}, {bias.ndim}")
    return (za - zb).abs() @ weight.to(za.dtype) + bias.to(za.dtype)
