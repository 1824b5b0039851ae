"""Is this machine fit to run experiments: what is wrong, and what to do."""

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from probeline.data import cache
from probeline.errors import UserError
from probeline.execution.planning.auto_gpus import Cards, chosen_gpus, smallest_memory
from probeline.execution.planning.gpu_use import REMEDY, in_words, missing_gpus, unused_gpus
from probeline.experiment.resources import Resources
from probeline.tracking.server.location import resolve
from probeline.tracking.writing.gpus import gpus

SPACE = 5 * 2**30
"""Bytes below which a disk is called nearly full."""

OPTIONAL = {"timm": "timm", "optuna": "tune", "dash": "dashboard"}
"""Optional libraries and the extra that brings each."""


@dataclass(frozen=True)
class Diagnosis:
    """The state of one part of the machine; `remedy` is what to do where it is not good."""

    good: bool
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        mark = "ok   " if self.good else "WRONG"
        return f"{mark} {self.what}" + (f"\n      -> {self.remedy}" if self.remedy else "")


def examine(tracking_uri: str | None, folder: Path, resources: Resources | None = None) -> Iterator[Diagnosis]:
    """Python, torch, CUDA, Ray, MLflow, disk, write access; one finding at a time, as each takes a moment.

    `resources`: what an experiment asks for, where it is to be checked against the machine.
    """
    python = ".".join(map(str, sys.version_info[:3]))
    yield Diagnosis(sys.version_info >= (3, 11), f"Python {python}", "" if sys.version_info >= (3, 11) else "use 3.11+")
    yield from bytecode_findings()
    asking = ThreadPoolExecutor(1)  # a server that does not answer is waited for beside torch and Ray
    server = asking.submit(mlflow_finding, tracking_uri)
    yield from torch_findings()
    if resources is not None:
        yield resources_finding(resources, gpus())
    yield ray_finding()
    yield server.result()
    asking.shutdown()
    yield disk_finding("results", folder)
    yield disk_finding("data cache", cache.root())
    for module, extra in OPTIONAL.items():
        if importlib.util.find_spec(module) is None:
            yield Diagnosis(
                True, f"{module} is not installed (optional)", f"pip install 'probeline[{extra}]' brings it"
            )


def bytecode_findings(package: str = "ray") -> Iterator[Diagnosis]:
    """Nothing where Python may keep the bytecode of installed packages, or where they came with it."""
    found = importlib.util.find_spec(package)
    if not sys.dont_write_bytecode or found is None or not found.cached or not found.origin:
        return
    if not Path(found.cached).is_file():
        what = "Python may write no bytecode (PYTHONDONTWRITEBYTECODE), and the installed packages came without"
        remedy = "each process compiles what it imports; once for all of them: python -m compileall -q -j 0 "
        yield Diagnosis(True, what, remedy + str(Path(found.origin).parents[1]))


def torch_findings() -> Iterator[Diagnosis]:
    """torch and torchvision fit together, and what torch computes on."""
    try:
        import torch
        import torchvision
    except Exception as error:  # noqa: BLE001 (a broken install raises anything)
        remedy = "install matching releases, as in infra/constraints.txt: pip install -c infra/constraints.txt ."
        yield Diagnosis(False, f"torch and torchvision do not load: {error}", remedy)
        return
    yield Diagnosis(True, f"torch {torch.__version__}, torchvision {torchvision.__version__}")
    if torch.cuda.is_available():
        names = ", ".join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))
        yield Diagnosis(True, f"CUDA {torch.version.cuda}: {names}", f"trials use what their spec says: {REMEDY}")
    else:
        driver = shutil.which("nvidia-smi")
        remedy = "nvidia-smi is here, yet torch sees no GPU: compare the driver's CUDA with torch's" if driver else ""
        yield Diagnosis(not driver, f"no GPU; trials run on {os.cpu_count()} CPU cores", remedy)


def resources_finding(resources: Resources, models: Sequence[str]) -> Diagnosis:
    """Whether an experiment uses the machine's GPUs, and asks for no more of them than there are."""
    resources, _ = chosen_gpus(resources, Cards(models, smallest_memory), lambda: None)
    missing = missing_gpus(resources, models)
    if missing:
        return Diagnosis(False, missing, "run it on a machine that has them, or --set resources.gpus=0")
    unused = unused_gpus(resources, models)
    if unused:
        return Diagnosis(True, *unused.split("; ", 1))
    return Diagnosis(True, f"a trial uses {resources.all['GPU']:g} GPU of {in_words(models)}")


def ray_finding() -> Diagnosis:
    """Ray starts and runs a task."""
    try:
        import ray

        from probeline.execution.ray.connection import connected

        with connected(None, Resources()):
            answer = ray.get(ray.remote(lambda: os.getpid()).remote(), timeout=60)
    except UserError as error:
        return Diagnosis(False, str(error), "is /dev/shm writable, and large enough?")
    except Exception as error:  # noqa: BLE001 (so does Ray)
        return Diagnosis(False, f"Ray starts and runs no task: {error}", "its logs are below /tmp/ray/session_latest")
    return Diagnosis(True, f"Ray {version('ray')} started and ran a task in process {answer}")


def mlflow_finding(tracking_uri: str | None) -> Diagnosis:
    """The tracking server or database answers."""
    try:
        uri = resolve(tracking_uri)
    except (UserError, PackageNotFoundError) as error:
        return Diagnosis(False, "MLflow cannot be reached", str(error))
    return Diagnosis(True, f"MLflow {version('mlflow')} at {uri}")


def disk_finding(name: str, folder: Path) -> Diagnosis:
    """A folder can be written and its disk has room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        return Diagnosis(
            False, f"{name}: {folder} cannot be written: {error}", "choose another folder or its permissions"
        )
    free = shutil.disk_usage(folder).free
    remedy = "" if free > SPACE else "make room; a full disk stops trials"
    return Diagnosis(free > SPACE, f"{name}: {folder.resolve()} is writable, {free / 2**30:.0f} GiB free", remedy)
