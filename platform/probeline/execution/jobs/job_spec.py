"""What a job is to do, checked before anything is sent."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from probeline.errors import UserError
from probeline.execution.code_changes import code_changes
from probeline.execution.jobs.job_entrypoint import Order
from probeline.experiment import extends
from probeline.experiment.grid import cells
from probeline.experiment.load import load
from probeline.plugins import catalog
from probeline.storage.paths import parse_path
from probeline.storage.redaction import redacted
from probeline.tracking.server.location import sqlite_file
from probeline.tracking.writing.provenance import git_commit, git_dirty

BUDGETS = ("max-hours", "max-gpu-hours", "max-trials")


def job_spec(
    spec: Path,
    root: Path,
    scale: str | None = None,
    sets: Sequence[str] = (),
    budget: Sequence[float | None] = (),
    tracking_uri: str | None = None,
    folder: str | None = None,
    storage: str | None = None,
) -> Order:
    """The order to run the experiment in `spec`, of the project in `root`, with the provenance of its code.

    `budget`: values of BUDGETS, None for no limit. `folder` and `storage` are the cluster's.

    Raises:
        UserError: a mistake in the spec, a spec outside `root`, or an address of MLflow that the cluster cannot use.
    """
    experiment = load(spec, scale, sets)
    if not spec.resolve().is_relative_to(root.resolve()):
        raise UserError(f"{spec}: not below {root}, the folder that is packed; stand in the folder that holds both")
    words = ["--scale", scale] if scale else []
    words += [word for each in sets for word in ("--set", each)]
    words += [f"--{name}={value:g}" for name, value in zip(BUDGETS, budget, strict=False) if value is not None]
    words += ["--storage", str(parse_path(storage))] if storage else []
    return Order(
        experiment=experiment.name,
        spec=spec.resolve().relative_to(root.resolve()).as_posix(),
        arguments=tuple(words),
        provenance={"git_commit": git_commit(root), "git_dirty": git_dirty(root)},
        tracking_uri=_usable(tracking_uri),
        folder=folder,
        changes=code_changes(root, catalog.external_plugins().values()),
    )


def needed_files(spec: Path, scale: str | None = None, sets: Sequence[str] = ()) -> list[Path]:
    """Files and folders on this machine that an experiment names: what it extends, its plug-ins, data and weights.

    Raises UserError for a mistake in the spec.
    """
    named = {path for cell in cells(load(spec, scale, sets)) for path in _paths(cell.recipe.as_dict())}
    files = [*extends.read(spec).files, *catalog.external_plugins().values()]
    return [*files, *(Path(path) for path in sorted(named) if Path(path).exists())]


def _paths(value: Any) -> Iterator[str]:
    """Every path that a recipe names: of data and of weights."""
    if isinstance(value, list | tuple):
        yield from (path for inner in value for path in _paths(inner))
    elif isinstance(value, dict):
        yield from (value[key] for key in ("path", "weights") if isinstance(value.get(key), str))
        yield from (path for inner in value.values() for path in _paths(inner))


def _usable(uri: str | None) -> str | None:
    """An address of MLflow that means the same on a cluster and holds no password."""
    if uri is None:
        return None
    if redacted(uri) != uri:
        raise UserError(
            f"tracking URI {redacted(uri)}: everybody who sees the job would see its password; leave it out of the "
            "address, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD where the cluster starts"
        )
    file = sqlite_file(uri)
    if file is not None and not file.is_absolute():
        raise UserError(f"tracking URI {uri}: a file beside the job goes with it; write sqlite:////FOLDER/mlflow.db")
    return uri
