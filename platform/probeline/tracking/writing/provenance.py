"""What a trial was run with: code, packages, machine. Recorded and shown, never part of a trial's id."""

import getpass
import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path

from probeline.tracking.writing.gpus import gpus

LEARNING = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "pillow", "timm", "transformers")
X86 = ("sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni")
X86_LATER = ("avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "amx_fp16")
ARM = ("asimd", "asimddp", "asimdhp", "sve", "sve2", "bf16", "i8mm")
VECTOR_EXTENSIONS = frozenset((*X86, *X86_LATER, *ARM))
RUNNING = ("probeline", "ray", "mlflow", "pandas", "optuna")


def collect(directory: Path) -> dict[str, str]:
    """Commit and state of the code in `directory`, versions (JSON), hardware, instruction set, platform, the user."""
    return {
        "git_commit": git_commit(directory),
        "git_dirty": git_dirty(directory),
        "versions": json.dumps(versions(), sort_keys=True),
        "hardware": hardware(),
        "instruction_set": instruction_set(),
        "platform": platform.platform(),
        "mlflow.user": user(),
    }


def git_commit(directory: Path) -> str:
    """The commit checked out; "" outside a repository."""
    return _output("git", "-C", str(directory), "rev-parse", "HEAD")


def git_dirty(directory: Path) -> str:
    """ "true" if tracked files differ from the commit, else "false"; "" outside a repository."""
    if not git_commit(directory):
        return ""
    return "true" if _output("git", "-C", str(directory), "status", "--porcelain", "--untracked-files=no") else "false"


def versions() -> dict[str, str]:
    """Python and the packages that decide numbers, as installed; none of them is imported."""
    installed = {"python": platform.python_version()}
    for package in (*LEARNING, *RUNNING):
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


def hardware() -> str:
    """One line: processor, cores, memory, GPUs."""
    return ", ".join(filter(None, (processor(), f"{cores()} cores", memory(), *gpus())))


def processor() -> str:
    """The processor's model name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def conditions() -> dict[str, str]:
    """What decides whether this machine gives the same bits as another one: versions, hardware, instruction set."""
    return {
        "versions": json.dumps(versions(), sort_keys=True),
        "hardware": hardware(),
        "instruction_set": instruction_set(),
    }


def instruction_set() -> str:
    """The processor's vector extensions that numerical libraries choose their code by; "" where none can be read."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    flags = next((line.partition(":")[2] for line in lines if line.startswith(("flags", "Features"))), "")
    return " ".join(sorted(set(flags.split()) & VECTOR_EXTENSIONS)) or platform.machine()


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> str:
    """The machine's memory."""
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def user() -> str:
    """Who runs this."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid())


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
