"""`probeline verify` on the quickstart at its smoke scale: every finished trial run again, and how long that takes."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.row import Row

QUICKSTART = Path(__file__).parents[2] / "experiments" / "quickstart.yaml"


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "probeline.cli"]
        scale = [str(QUICKSTART), "--scale", "smoke"]
        subprocess.run([*command, "run", *scale], cwd=name, check=True, capture_output=True)
        start = time.perf_counter()
        verify = [*command, "verify", *scale, "--share", "1", "--json"]
        done = subprocess.run(verify, cwd=name, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    outcomes = json.loads(done.stdout)
    equal = sum(outcome["verdict"] == "equal" for outcome in outcomes)
    numbers = sum(outcome["compared"] for outcome in outcomes)
    share = 100 * equal / len(outcomes)
    yield Row(
        f"verify: of {len(outcomes)} trials, {numbers} numbers, equal to the bit",
        share,
        "%",
        target="100%",
        met=share == 100,
    )
    yield Row("verify: a trial of the quickstart's smoke scale run again", seconds / len(outcomes), "s")
