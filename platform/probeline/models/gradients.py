"""Tensors whose gradient is scaled."""

from torch import Tensor


def scaled_gradient(x: Tensor, factor: float) -> Tensor:
    """x, with `factor` times its gradient."""
    return x if factor == 1 else x * factor + x.detach() * (1 - factor)
