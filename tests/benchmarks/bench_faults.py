"""Every fault test, the slow ones too, three times in a row: a fault that is survived by luck shows itself."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from tests.benchmarks.row import Row

TIMES = 3


def failed_of(report: Path) -> tuple[list[str], int, int]:
    """The tests that did not pass, how many were skipped, and how many there are, of pytest's own report."""
    cases = list(ElementTree.parse(report).iter("testcase"))
    bad = [
        case.get("name", "?") for case in cases if case.find("failure") is not None or case.find("error") is not None
    ]
    return bad, sum(case.find("skipped") is not None for case in cases), len(cases)


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        for turn in range(1, TIMES + 1):
            report = Path(name) / f"{turn}.xml"
            command = [sys.executable, "-m", "pytest", "tests/faults", "-m", "slow or not slow", "-q"]
            done = subprocess.run(
                [*command, f"--junit-xml={report}"], env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True
            )
            bad, skipped, every = failed_of(report) if report.exists() else (["pytest itself"], 0, 0)
            if bad:
                print(done.stdout.decode(errors="replace")[-10_000:], flush=True)
            what = f"fault tests, time {turn} of {TIMES}: failed, of {every}" + (
                f", {skipped} skipped" if skipped else ""
            )
            yield Row(what, len(bad), "tests " + " ".join(bad), target="none", met=not bad)
