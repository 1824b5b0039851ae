"""An hour of kills: workers, driver, Ray's head and the tracking server, while 2% of the server's replies are lost.

`make bench ONLY=soak`; SOAK_MINUTES and SOAK_SEED in the environment set for how long and which kills. What the
drivers said is kept where something was found. It is left out where no benchmark is named.
"""

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.row import Row

sys.path.append(str(Path(__file__).parents[1]))  # the tests' helpers, as pytest finds them

from helpers.faults.lossy_proxy import LossyProxy
from helpers.faults.record import check_the_record, lost_and_doubled
from helpers.faults.soak import KINDS, Soak
from helpers.mlflow_server import MlflowServer

MINUTES, SEED, LOST = 60.0, 1, 0.02


def tell(line: str) -> None:
    print(f"    {line}", flush=True)


def rows() -> Iterator[Row]:
    minutes = float(os.environ.get("SOAK_MINUTES", MINUTES))
    seed = int(os.environ.get("SOAK_SEED", SEED))
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir="/tmp"))  # short, as Ray's sockets are in it
    os.environ |= {"RAY_TMPDIR": str(folder / "ray"), "OMP_NUM_THREADS": "1"}
    (folder / "ray").mkdir()
    server = MlflowServer(folder, folder / "mlflow.db").start()
    begun = time.monotonic()
    try:
        with LossyProxy(server.port, LOST, seed) as proxy:
            soak = Soak(folder, server, proxy, seed, tell)
            soak.run(minutes * 60)
    finally:
        server.kill()
    spent = (time.monotonic() - begun) / 60
    yield from results(folder, soak, spent)


def results(folder: Path, soak: Soak, minutes: float) -> Iterator[Row]:
    """The rows of a soak that has ended."""
    for kind in KINDS:
        yield Row(f"soak of {minutes:.0f} minutes, {soak.drivers} drivers: kills of {kind}", soak.kills[kind], "kills")
    yield Row("replies of the server that were lost", soak.proxy.dropped.total(), "replies")
    kinds = lost_and_doubled(folder)
    yield Row("trials that ran", kinds.pop("trials"), "trials")
    faults = Counter(kinds) + Counter(soak.faults)
    try:
        check_the_record(folder)
    except AssertionError as error:
        faults[f"the numbers are not those of an undisturbed trial: {error}"] += 1
    for fault, count in faults.items():
        tell(f"FOUND {count}: {fault}")
    yield Row("lost, doubled, left over, or told badly", faults.total(), "faults", target="none", met=not faults)
    if faults:
        tell(f"kept: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
