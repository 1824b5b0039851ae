"""A run of many short trials that is killed again and again, at moments and in ways drawn from a seed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
from helpers.faults.driver import wait_for_an_epoch, workers
from helpers.faults.lossy_proxy import LossyProxy
from helpers.mlflow_server import MlflowServer

SPEC = """
name: killed
base:
  data: {{name: digits, train_size: 300, test_size: 100}}
  encoder: {{name: resnet, width: 4}}
  method: simclr
  training: {{epochs: 8, batch_size: 64, lr: 0.1}}
  evaluation: [{{name: knn, k: 5}}]
grid:
  training.lr: [0.05, 0.1]
seeds: {seeds}
resources: {{cpus: 1}}
"""

KINDS = {"worker": 4, "driver": 2, "head": 1, "server": 3, "terminated": 1}
"""How often each is killed, in relation; `terminated` is SIGTERM to the driver, the others SIGKILL."""

EARLY = 0.1
"""The share of kills for which no trial needs to be at work: a driver may be importing, planning or starting Ray."""

SEEDS = 10
"""A spec of that many seeds, and that many more each time all its trials are done."""

EXIT_TIMEOUT_S = 600.0
"""Within which a driver must end that has lost Ray's head, or has nothing left to do."""

START_TIMEOUT_S = 600.0
"""Within which some trial of a driver must have finished an epoch, on a machine with other work."""

LEAVE_TIMEOUT_S = 180.0
"""Within which Ray's processes must have gone after their driver."""


class Soak:
    """The spec, the tracking server, the driver at work, and what has happened.

    Args:
        server: its database is `folder/mlflow.db`.
        tell: gets a line an event.
    """

    def __init__(self, folder: Path, server: MlflowServer, proxy: LossyProxy, seed: int, tell: Callable) -> None:
        self.folder, self.server, self.proxy, self.tell = folder, server, proxy, tell
        self.random, self.seeds = random.Random(seed), SEEDS
        self.kills: Counter[str] = Counter()
        self.faults: list[str] = []
        self.drivers = 0
        self.driver: subprocess.Popen | None = None
        self._write()

    def run(self, seconds: float) -> None:
        """Kills for so long, then lets the run end in peace, which must be within EXIT_TIMEOUT_S a driver."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.start()
            if self.random.random() < EARLY or self._at_work():
                time.sleep(self.random.uniform(0, 5))
                self.kill(self.random.choices(list(KINDS), weights=list(KINDS.values()))[0])
            if self.driver.poll() == 0:
                self.seeds += SEEDS
                self._write()
        for _ in range(5):  # one that has lost its head, or was terminated, needs a second one
            self.start()
            if self.ended(EXIT_TIMEOUT_S) == 0:
                return
        self.faults.append("five drivers in a row did not finish though nothing was killed")

    def start(self) -> None:
        """A driver, where none is at work."""
        if self.driver is not None and self.driver.poll() is None:
            return
        self.drivers += 1
        command = [sys.executable, "-m", "probeline.cli", "run", "spec.yaml", "--tracking-uri", self.proxy.uri]
        with self.log.open("wb") as log:
            self.driver = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    @property
    def log(self) -> Path:
        """What the latest driver says."""
        return self.folder / f"driver-{self.drivers}.log"

    def kill(self, kind: str) -> None:
        """One of KINDS; nothing where there is no such process just now."""
        if self.driver.poll() is not None:
            return
        root = psutil.Process(self.driver.pid)
        try:
            family = root.children(recursive=True)
            victims = {
                "worker": lambda: workers(root),
                "head": lambda: [each for each in family if each.name() in ("gcs_server", "raylet")],
            }.get(kind, lambda: [root])()
            if not victims:
                return
            victim = self.random.choice(victims)
            self.tell(f"{time.strftime('%H:%M:%S')} {kind}: {self._name(victim) if kind != 'server' else 'mlflow'}")
            self.kills[kind] += 1
            if kind == "server":
                self.server.kill()
                time.sleep(self.random.uniform(0, 10))
                self.server.start()
            else:
                victim.send_signal(signal.SIGTERM if kind == "terminated" else signal.SIGKILL)
        except psutil.NoSuchProcess:
            return
        if kind in ("driver", "head", "terminated"):
            self.ended(EXIT_TIMEOUT_S)
            self._gone(family, kind)

    def ended(self, seconds: float) -> int | None:
        """The driver's exit code, after what it said was looked through; killed where it takes longer."""
        family = psutil.Process(self.driver.pid).children(recursive=True) if self.driver.poll() is None else []
        try:
            code = self.driver.wait(seconds)
        except subprocess.TimeoutExpired:
            self.faults.append(f"driver {self.drivers} did not end within {seconds:g} s")
            self.driver.kill()
            code = self.driver.wait()
            self._gone(family, "hung driver")
        said = self.log.read_text(errors="replace")
        if "Traceback" in said:
            self.faults.append(f"driver {self.drivers} (exit code {code}) ended with a traceback: {said[-1500:]}")
        if code not in (0, 1, 2, 130, 143, -signal.SIGKILL, -signal.SIGTERM):
            self.faults.append(f"driver {self.drivers} ended with exit code {code}: {said[-500:]}")
        return code

    def _at_work(self) -> bool:
        try:
            wait_for_an_epoch(self.folder, START_TIMEOUT_S, self.driver)
        except AssertionError as error:
            self.faults.append(f"driver {self.drivers}: {error}: {self.log.read_text(errors='replace')[-500:]}")
            self.driver.kill()
        if self.driver.poll() is not None:
            self.ended(0)
        return self.driver.poll() is None

    def _gone(self, family: list[psutil.Process], kind: str) -> None:
        _, alive = psutil.wait_procs(family, timeout=LEAVE_TIMEOUT_S)
        for process in alive:
            self.faults.append(f"{self._name(process)} outlived its driver by {LEAVE_TIMEOUT_S:g} s ({kind})")
            process.kill()

    def _name(self, process: psutil.Process) -> str:
        try:
            return f"{process.pid} {' '.join(process.cmdline())[:60]}"
        except psutil.Error:
            return str(process.pid)

    def _write(self) -> None:
        fresh = self.folder / "spec.fresh"
        fresh.write_text(SPEC.format(seeds=self.seeds))
        os.replace(fresh, self.folder / "spec.yaml")  # noqa: PTH105
