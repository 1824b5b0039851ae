"""In which arithmetic a trial is trained and evaluated, and what that is in words.

`fp32` is float32 throughout. `bf16`, which `auto` is on CUDA, trains under autocast to bfloat16 and evaluates in
float32 with torch's defaults, by which convolutions on CUDA may round their inputs to TF32 (10 bits of mantissa).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

Precision = Literal["auto", "fp32", "bf16"]

TF32_CAPABILITY = (8, 0)  # of the first cards that have it


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """The context of a forward pass and a loss in training."""
    return torch.autocast(device.type, torch.bfloat16, enabled=trains_in_bf16(precision, device))


def trains_in_bf16(precision: Precision, device: torch.device) -> bool:
    """Whether training is under autocast to bfloat16."""
    return precision == "bf16" or (precision == "auto" and device.type == "cuda")


@contextmanager
def float32_arithmetic(precision: Precision, device: torch.device) -> Iterator[None]:
    """While entered, float32 on CUDA is what `precision` asks for, whatever this process was set to before."""
    if device.type != "cuda":
        yield
        return
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32, cudnn.allow_tf32 = False, precision != "fp32"
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


def training_precision(precision: Precision, device: torch.device) -> str:
    """What training computes in, in words."""
    return "bfloat16 autocast" if trains_in_bf16(precision, device) else evaluation_precision(precision, device)


def evaluation_precision(precision: Precision, device: torch.device) -> str:
    """What evaluation computes in, in words."""
    if device.type != "cuda" or precision == "fp32" or torch.cuda.get_device_capability(device) < TF32_CAPABILITY:
        return "float32"
    return "float32 with TF32 convolutions"
