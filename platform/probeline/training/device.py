"""The device that a process computes on: what its share of a GPU says, never what the machine happens to have."""

import os

import torch

from probeline.data.device_memory import limit_memory

CPU = torch.device("cpu")
VISIBLE = "CUDA_VISIBLE_DEVICES"
DEVICE_ERRORS = ("cuda error", "hip error", "nccl error", "cudnn error", "cudnn_status", "cublas_status")
"""Words of errors after which CUDA may refuse everything to the process that got them."""

OWN_ERRORS = ("device-side assert", "invalid configuration argument")
"""Words of device errors that a program makes, whatever the card."""


class DeviceUnavailable(Exception):
    """A GPU was assigned to this process, and torch cannot use it."""


def assigned_device(gpus: float, index: int = 0) -> torch.device:
    """The device of a process that was assigned `gpus` GPUs, 0 to 1; call it before anything touches CUDA.

    Without a GPU it is the CPU, and CUDA shows this process no card, whatever code of others asks for. With a share of
    one, torch's allocator is held to that share of its memory.

    Args:
        gpus: the share of one GPU; 0 for none.
        index: which of the cards that CUDA shows this process.

    Raises:
        DeviceUnavailable: torch cannot use the card.
    """
    if not gpus:
        os.environ[VISIBLE] = ""
        return CPU
    if not torch.cuda.is_available() or index >= torch.cuda.device_count():
        raise DeviceUnavailable(
            f"a GPU was assigned to it ({VISIBLE}={os.environ.get(VISIBLE, '')}), and torch {torch.__version__} can "
            "use none there: `probeline doctor` on that machine says more; without GPUs: resources.gpus: 0"
        )
    device = torch.device("cuda", index)
    try:
        torch.cuda.set_device(device)
        if gpus < 1:
            limit_memory(device, gpus)
    except RuntimeError as error:
        raise DeviceUnavailable(f"the GPU that was assigned to it cannot be used: {error}") from error
    return device


def has_failed(device: torch.device, error: Exception) -> bool:
    """Whether `error` may have ended CUDA for this process: kernels that fail take the whole process' context along.

    Memory that ran out is no such error. Whatever CUDA can still do afterwards, a fresh process costs seconds.
    """
    if isinstance(error, torch.OutOfMemoryError):
        return False
    words = str(error).lower()
    if any(word in words for word in DEVICE_ERRORS) and "out of memory" not in words:
        return True
    return device.type == "cuda" and not _computes(device)


def blames_card(error: Exception) -> bool:
    """Whether the card may be at fault, and not the program that ran on it."""
    return not any(words in str(error).lower() for words in OWN_ERRORS)


def _computes(device: torch.device) -> bool:
    try:
        torch.cuda.synchronize(device)
        return torch.ones(1, device=device).item() == 1
    except RuntimeError:
        return False
