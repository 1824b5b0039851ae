"""A real Ray cluster on this machine: nodes with a job server, each can be killed; all of it ends with the test."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from helpers.loopback import free_port, until_it_answers


class Node:
    """`ray start --block` in a session of its own, with the processes below it."""

    def __init__(self, options: list[str], environment: dict[str, str], log: Path) -> None:
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *options, "--block", "--disable-usage-stats"]
        command += ["--node-ip-address", "127.0.0.1", "--num-gpus", "0", "--object-store-memory", str(2**27)]
        command += ["--dashboard-agent-listen-port", str(free_port())]
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command, env=environment, stdout=file, stderr=file, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self.seen: set[psutil.Process] = set()

    def family(self) -> list[psutil.Process]:
        """Its processes, the raylet and the workers among them; those that have left their parent, too."""
        if self.process.poll() is None:
            root = psutil.Process(self.process.pid)
            self.seen |= {root, *root.children(recursive=True)}
        return [process for process in self.seen if process.is_running()]

    def kill(self) -> None:
        """SIGKILL to everything at once, as when a machine goes down."""
        kill(self.family())
        self.process.wait(30)


def kill(family: list[psutil.Process]) -> None:
    """SIGKILL to all of a node's processes at once."""
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)  # nobody tells the head that somebody has died
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=30)


class RayCluster:
    """A head with its job server, and nodes that join it; `environment` is the cluster's, not the client's."""

    def __init__(self, folder: Path, environment: dict[str, str], cpus: tuple[int, ...] = (1, 1)) -> None:
        self.temporary = Path(tempfile.mkdtemp(prefix="probeline-ray-", dir="/tmp"))  # short: sockets are in it
        self.folder, self.port, self.nodes = folder, free_port(), list[Node]()
        self.address = f"http://127.0.0.1:{free_port()}"
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("RAY_", "MLFLOW_", "PYTHONPATH"))
        }
        quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_CHDIR_TO_TRIAL_DIR": "0", "OMP_NUM_THREADS": "1"}
        quiet["RAY_worker_niceness"] = "0"  # else the tests beside it take all of the processor
        self.environment = {**kept, **quiet, "HOME": str(folder), **environment}
        try:
            self.add("--head", f"--port={self.port}", "--dashboard-port", self.address.rpartition(":")[2], cpus=cpus[0])
            for count in cpus[1:]:  # they wait for the head
                self.add(f"--address=127.0.0.1:{self.port}", cpus=count)
            until_it_answers(f"{self.address}/api/version", self.nodes[0].process, self.nodes[0].log)
            self.until_nodes(len(cpus))
        except BaseException:
            self.end()
            raise

    def add(self, *options: str, cpus: int = 1) -> Node:
        """Starts one more node."""
        number = len(self.nodes)
        own = [f"--temp-dir={self.temporary}/{number}", f"--num-cpus={cpus}"]  # a node unpacks jobs' packages there
        own += [f"--ray-client-server-port={free_port()}"] if "--head" in options else []
        node = Node([*options, *own], self.environment, self.folder / f"node-{number}.log")
        self.nodes.append(node)
        return node

    def until_nodes(self, count: int, seconds: float = 60) -> None:
        """Waits until the head counts so many nodes that live."""
        until = time.monotonic() + seconds
        while (have := self._alive()) != count:
            assert time.monotonic() < until, f"{have} nodes, not {count}: {self.nodes[-1].log.read_text()[-2000:]}"
            time.sleep(0.3)

    def end(self) -> None:
        """Ends every process of every node, and removes what they wrote beside the test's folder."""
        for node in self.nodes:
            node.family()
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.temporary, ignore_errors=True)

    def _alive(self) -> int:
        with urllib.request.urlopen(f"{self.address}/api/v0/nodes", timeout=10) as answer:
            found = json.load(answer)["data"]["result"]["result"]
        return sum(node["state"] == "ALIVE" for node in found)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    """Two nodes with a processor each, and a cache of data sets of their own."""
    folder = tmp_path_factory.mktemp("cluster")
    started = RayCluster(folder, {"PROBELINE_CACHE": str(folder / "cache")})
    yield started
    started.end()


def title(process: psutil.Process) -> str:
    """A process' command line, by which Ray names its workers; "" once it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
