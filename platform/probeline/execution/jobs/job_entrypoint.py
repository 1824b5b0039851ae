"""A job's first step, on the cluster: reads the order that came with the package and becomes `probeline run`."""

import json
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

FILE = "probeline-job.json"
NEEDED = ("mlflow", "pydantic", "ray", "rich", "safetensors", "sklearn", "torch", "torchvision", "typer", "yaml")
FOLDER = "PROBELINE_JOB"
"""The environment variable that names the folder of a job's package to the run in it."""


@dataclass(frozen=True)
class Order:
    """What a job does: `spec` is a path in the package, `arguments` are more words for `probeline run`.

    `folder` on the cluster keeps checkpoints and the spool, `tracking_uri` is MLflow's; None: the cluster's environment
    says it, else they are below the home of the user that Ray runs as. `provenance` is of the code as submitted, and
    `changes` what it had beside its commit.
    """

    experiment: str
    spec: str
    arguments: tuple[str, ...]
    provenance: dict[str, str]
    tracking_uri: str | None = None
    folder: str | None = None
    changes: str = ""


def read(package: Path) -> Order:
    """The order in an unpacked package."""
    return Order(**json.loads((package / FILE).read_text(encoding="utf-8")))


def submitted_provenance() -> dict[str, str]:
    """git_commit and git_dirty as they were where the job was submitted, as a package has no `.git`; {} in no job."""
    package = os.environ.get(FOLDER)
    return dict(read(Path(package)).provenance) if package else {}


def submitted_changes() -> str | None:
    """The diff of the code where the job was submitted; None in no job."""
    package = os.environ.get(FOLDER)
    return read(Path(package)).changes if package else None


def command(order: Order, package: Path) -> tuple[list[str], dict[str, str]]:
    """The words of the run, and what its environment says beside the cluster's."""
    folder = Path(order.folder or os.environ.get("PROBELINE_FOLDER") or Path.home() / ".probeline/cluster").expanduser()
    uri = order.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder.absolute()}/mlflow.db"
    words = ["run", order.spec, *order.arguments, "--address", "auto", "--folder", str(folder.absolute())]
    return words, {FOLDER: str(package), "MLFLOW_TRACKING_URI": uri}


def main() -> None:
    """Becomes the run, in the same process, so that Ray's stop reaches it."""
    package = Path.cwd()
    words, more = command(read(package), package)
    os.environ.update(more)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(
            f"the cluster's Python ({sys.executable}) lacks {', '.join(missing)}: install Probeline's packages there "
            "(pip install -c infra/constraints.txt '.[cluster]') or use the image of infra/Dockerfile",
            file=sys.stderr,
        )
        sys.exit(2)
    os.execv(sys.executable, [sys.executable, "-m", "probeline.cli", *words])


if __name__ == "__main__":
    main()
