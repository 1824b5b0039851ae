"""What a command costs, as a user types it: wall time, and CPU time, which other work on the machine changes less."""

import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Cost:
    """Seconds of one process and its children."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.cpu:.2f} s of CPU"


def cost(command: str, folder: Path) -> Cost:
    """Of `probeline COMMAND` in a folder. Raises CalledProcessError."""
    words = [str(Path(sys.executable).with_name("probeline")), *command.split()]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def least(command: str, folder: Path, rounds: int = 3) -> Cost:
    """The least of some rounds, after one that warms the caches."""
    return min([cost(command, folder) for _ in range(rounds + 1)][1:])
