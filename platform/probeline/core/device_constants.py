"""Small constant tensors, made once for each device.

A tensor made of Python numbers is copied to a CUDA device while the host waits; a training step does not wait.
"""

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=1024)
def constant(values: tuple, device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """`torch.tensor(values)` on `device`, shared by all callers: do not write into it.

    Args:
        values: numbers, or tuples of them for more dimensions.
        dtype: None infers it from the numbers, as `torch.tensor` does.
    """
    return torch.tensor(values, dtype=dtype, device=device)


@lru_cache(maxsize=1024)
def steps(count: int, device: torch.device) -> Tensor:
    """[count] 0, 1, ... as int64 on `device`, shared by all callers: do not write into it."""
    return torch.arange(count, device=device)
