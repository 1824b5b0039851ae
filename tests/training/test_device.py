"""The device of a process, as far as a machine without a GPU can tell."""

import os
import subprocess
import sys

import pytest
import torch
from probeline.training.device import CPU, DeviceUnavailable, assigned_device, blames_card, has_failed

ON_THE_CPU = """
import torch
from probeline.training.device import assigned_device
print(assigned_device(0), torch.cuda.is_available(), torch.cuda.device_count())
"""


def test_a_process_without_a_gpu_computes_on_the_cpu_and_sees_no_card():
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "0,1"}
    ended = subprocess.run([sys.executable, "-c", ON_THE_CPU], capture_output=True, text=True, env=environment)
    assert ended.stdout.split() == ["cpu", "False", "0"], ended.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_torch_cannot_use_is_an_error_and_never_the_cpu():
    with pytest.raises(DeviceUnavailable, match=r"can use none there: `probeline doctor`.*resources.gpus: 0"):
        assigned_device(1)


@pytest.mark.parametrize(
    ("words", "fails", "blamed"),
    [
        ("CUDA error: device-side assert triggered", True, False),
        ("CUDA error: an illegal memory access was encountered", True, True),
        ("CUDA error: uncorrectable ECC error encountered", True, True),
        ("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", True, True),
        ("NCCL error: unhandled cuda error", True, True),
        ("CUDA error: out of memory", False, True),
        ("The size of tensor a (3) must match the size of tensor b (4)", False, True),
    ],
)
def test_errors_that_end_cuda_for_a_process_are_told_from_those_that_do_not(words, fails, blamed):
    error = RuntimeError(f"{words}\nCUDA kernel errors might be asynchronously reported")
    if not fails:
        error = RuntimeError(words)
    assert has_failed(CPU, error) is fails
    assert blames_card(error) is blamed


def test_memory_that_ran_out_leaves_the_device_as_it_was():
    assert not has_failed(CPU, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))
