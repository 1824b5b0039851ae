"""Memory of the training process."""

import ctypes
import sys

import psutil
import torch

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's malloc.h


def keep_freed_memory() -> bool:
    """Makes glibc keep freed memory for the next allocation instead of giving it back; whether it could be done.

    A training step frees and takes again hundreds of megabytes of activations. Given back, each page is faulted in
    and zeroed anew: 670,000 faults in six steps of ResNet-18 (width 16, 512 views), a fifth of their time.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return bool(mallopt and mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, 2**31 - 1))


def memory_in_use(device: torch.device) -> int:
    """Bytes: the peak of the device's allocator on CUDA, the resident memory of this process elsewhere."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return psutil.Process().memory_info().rss
