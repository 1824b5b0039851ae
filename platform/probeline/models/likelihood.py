"""The probability of 8-bit values, a discretised logistic, and how far a normal code is from the prior.

Salimans, Karpathy, Chen, Kingma: PixelCNN++, ICLR 2017, arXiv 1701.05517, section 2.1, with a single component.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

LOWEST_LOG_SCALE = -7.0
MAX_LOG_VARIANCE = 10.0


def levels(images: Tensor) -> Tensor:
    """Pixels in [0, 1] as the nearest of the 256 levels, 0 to 255, in float."""
    return (images.float() * 255).round()


def discretised_logistic(pixels: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """log P(pixel), nats, in float32 or better; pixels: levels 0..255; mean and log_scale: of the same shape.

    P is the mass of a logistic distribution on [pixel - 1/2, pixel + 1/2], in units where levels run from -1 to 1; the
    outer levels take the tails, so that the 256 sum to 1. Written without a difference of near-equal numbers:
    s(a) - s(b) = s(a) s(-b) (1 - e^(b - a)).
    """
    mean, log_scale = mean.float(), log_scale.float().clamp(min=LOWEST_LOG_SCALE)
    sharpness = torch.exp(-log_scale)
    distance = pixels / 127.5 - 1 - mean
    upper, lower = sharpness * (distance + 1 / 255), sharpness * (distance - 1 / 255)
    below_upper, above_lower = F.logsigmoid(upper), F.logsigmoid(-lower)
    inside = below_upper + above_lower + torch.log(-torch.expm1(-2 / 255 * sharpness))
    return torch.where(pixels < 0.5, below_upper, torch.where(pixels > 254.5, above_lower, inside))


def divergence(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mu, sigma^2) || N(0, 1)), nats, [B] for mu and log sigma^2 [B, D] (Kingma and Welling, arXiv 1312.6114,
    appendix B)."""
    return (mu.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2
