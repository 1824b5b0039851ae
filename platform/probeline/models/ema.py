"""Momentum encoders: a copy of a module that follows it by a moving average of its weights.

He et al., MoCo, CVPR 2020, arXiv 1911.05722, eq. 2; Grill et al., BYOL, NeurIPS 2020, arXiv 2006.07733, eq. 1.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn


def ema_copy(module: nn.Module) -> nn.Module:
    """A copy of `module` that no optimiser trains; it is part of the state, so a resumed training has it."""
    return deepcopy(module).requires_grad_(False)


@torch.no_grad()
def ema_update(target: nn.Module, source: nn.Module, momentum: float | Tensor) -> None:
    """Every weight of `target` becomes momentum * itself + (1 - momentum) * that of `source`.

    `momentum`: a number or a scalar tensor on the device. Buffers are left alone: batch norm keeps the statistics of
    what went through `target` itself, as in the authors' code.
    """
    own: list[Tensor] = list(target.parameters())
    other: list[Tensor] = list(source.parameters())
    if not isinstance(momentum, Tensor):
        torch._foreach_lerp_(own, other, float(1 - torch.tensor(momentum)))  # in float32, as the weights are
        return
    weight = 1 - momentum
    for mine, its in zip(own, other, strict=True):
        mine.lerp_(its, weight.to(mine.dtype))


def rising_momentum(base: float, step: Tensor, steps: int) -> Tensor:
    """1 - (1 - base) * (cos(pi * step / steps) + 1) / 2: from `base` at step 0 to 1 at the last one.

    `step`: a scalar tensor; `steps`: of the whole training, 0 where that is not known: then `base` throughout.

    Source: BYOL, section 3.3 (implementation details).
    """
    done = (step / steps).clamp(max=1) if steps else torch.zeros_like(step, dtype=torch.float32)
    return 1 - (1 - base) * (torch.cos(torch.pi * done) + 1) / 2
