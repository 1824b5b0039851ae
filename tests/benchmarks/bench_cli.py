"""The command line's own time: `--help`, completion, `plan` of 10,000 trials; and that of `import probeline`."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.command import Cost, cost, least
from tests.benchmarks.row import Row

SPEC = """
name: ten-thousand
base:
  data: digits
  encoder: {name: resnet, width: 8}
  method: simclr
grid:
  method.temperature: [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0]
  training.lr: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 4.0]
  training.batch_size: [16, 32, 64, 128]
  method.augment.strength: [0, 0.25, 0.5, 0.75, 1.0]
seeds: 5
scales: {smoke: {seeds: 1}}
"""


COMPLETED = {
    "a command": "probeline pl",
    "a spec": "probeline plan sp",
    "a scale": "probeline run spec.yaml --scale s",
    "a key of --set": "probeline run spec.yaml --set training.",
    "a trial id": "probeline show ",
}
"""Lines that a shell asks about."""

IMPORTED = {
    "import probeline": "import probeline",
    "import probeline and load of a spec": "import probeline; probeline.load('one.yaml')",
}


def seconds(command: list[str], folder: Path, rounds: int = 5, asked_by: str | None = None) -> float:
    """The median wall time of a whole process, after one that warms the caches; `asked_by`: the shell it completes."""
    environment = os.environ | ({"_PROBELINE_COMPLETE": asked_by} if asked_by else {})
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "spec.yaml").write_text(SPEC)
        yield row("probeline --help", least("--help", folder), 0.25)
        yield row("probeline plan of 10,000 trials, no database yet", least("plan spec.yaml", folder), 1)
        (folder / "one.yaml").write_text(SPEC.split("grid:")[0].replace("name: ten-thousand", "name: one"))
        cost("run one.yaml --set training.epochs=1 --set method=random_init", folder)
        yield row("probeline plan of 10,000 trials, with a database", least("plan spec.yaml", folder), 1)
        probeline = str(Path(sys.executable).with_name("probeline"))
        for name, line in COMPLETED.items():
            spent = seconds([probeline, line], folder, asked_by="bash")
            yield Row(f"completion of {name}", spent, "s", target="at most 0.2 s", met=spent <= 0.2)
        for name, code in IMPORTED.items():
            spent = seconds([sys.executable, "-c", code], folder)
            yield Row(name, spent, "s", target="under 0.3 s", met=spent < 0.3)


def row(name: str, spent: Cost, most: float) -> Row:
    return Row(f"{name} ({spent})", spent.wall, "s", target=f"under {most:g} s", met=spent.wall < most)
