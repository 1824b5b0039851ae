"""The GPUs that this process may use, read from what NVIDIA's driver writes down: neither torch nor CUDA is asked."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc/driver/nvidia/gpus")
DEV = Path("/dev")
SMI_TIMEOUT_S = 10.0


class Gpu(NamedTuple):
    """A card's model, and the name that CUDA_VISIBLE_DEVICES may call it by."""

    model: str
    uuid: str


def gpus() -> list[str]:
    """The models of the GPUs that this process may use, in the driver's order; [] without a driver."""
    return [gpu.model for gpu in visible(installed_gpus(), os.environ.get("CUDA_VISIBLE_DEVICES"))]


def installed_gpus(proc: Path = PROC, dev: Path = DEV) -> list[Gpu]:
    """The machine's GPUs; in a container those whose device it has been given."""
    if proc.is_dir():
        return list(_from_proc(proc, dev))
    return _from_smi()  # as on Windows' Linux


def visible(installed: list[Gpu], setting: str | None) -> list[Gpu]:
    """The GPUs that CUDA shows under this value of CUDA_VISIBLE_DEVICES: names up to the first that is none."""
    if setting is None:
        return installed
    chosen: list[Gpu] = []
    for name in map(str.strip, setting.split(",")):
        if name.isdecimal() and int(name) < len(installed):
            chosen.append(installed[int(name)])
        elif name.startswith("MIG-"):
            chosen.append(Gpu("a slice of a GPU (MIG)", name))
        elif name.startswith("GPU-") and any(gpu.uuid.startswith(name) for gpu in installed):
            chosen.append(next(gpu for gpu in installed if gpu.uuid.startswith(name)))
        else:
            break
    return chosen


def _from_proc(proc: Path, dev: Path) -> Iterator[Gpu]:
    for file in sorted(proc.glob("*/information")):
        try:
            lines = dict(
                re.findall(
                    r"^([^:\n]+?)\s*:\s*(.*?)\s*$", file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE
                )
            )
        except OSError:
            continue
        if (dev / f"nvidia{lines.get('Device Minor', '')}").exists():
            yield Gpu(lines.get("Model", "NVIDIA GPU"), lines.get("GPU UUID", ""))


def _from_smi() -> list[Gpu]:
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "--query-gpu=name,uuid", "--format=csv,noheader"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SMI_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [Gpu(*map(str.strip, line.rsplit(",", 1))) for line in ended.stdout.splitlines() if "," in line]
