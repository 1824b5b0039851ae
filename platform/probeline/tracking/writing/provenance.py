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
RUNNING = ("probeline", "ray", "mlflow", "pandas", "optuna")


def collect(directory: Path) -> dict[str, str]:
    """git_commit, git_dirty, versions (JSON), hardware, platform and the user, for the code in `directory`."""
    return {
        "git_commit": git_commit(directory),
        "git_dirty": git_dirty(directory),
        "versions": json.dumps(versions(), sort_keys=True),
        "hardware": hardware(),
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
