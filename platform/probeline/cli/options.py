"""Options and arguments that several commands take, and the plan that they ask for."""

import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probeline.cli.messages import say
from probeline.errors import UserError, parsing, writing

if TYPE_CHECKING:
    from probeline.execution.planning.plan import Plan
    from probeline.storage.paths import StoragePath

Spec = Annotated[Path, typer.Argument(help="The experiment's YAML file.")]
ScaleOption = Annotated[str | None, typer.Option(help="One of the experiment's scales, such as smoke.")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one key; repeatable.")]
Tracking = Annotated[str | None, typer.Option(help="MLflow's address; else $MLFLOW_TRACKING_URI, else ./mlflow.db.")]


def a_folder(folder: Path) -> Path:
    """An option's folder, which need not be there yet. Raises UserError where something else is, or can never be."""
    with parsing(f"--folder {folder}", "a folder, made where it is missing"):
        if not stat.S_ISDIR(_mode(folder)):
            raise ValueError("is no folder")
    return folder


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return stat.S_IFDIR


Folder = Annotated[
    Path,
    typer.Option(callback=a_folder, help="Encoders, checkpoints and the spool.", envvar="PROBELINE_FOLDER"),
]
StorageUri = Annotated[
    str | None,
    typer.Option(
        "--storage",
        metavar="URI",
        help="Encoders and checkpoints elsewhere: a folder or s3://BUCKET/PREFIX.",
        envvar="PROBELINE_STORAGE",
    ),
]
MaxHours = Annotated[float | None, typer.Option(min=0, help="Hours by the clock; what does not fit is left.")]
MaxGpuHours = Annotated[float | None, typer.Option(min=0, help="Hours of GPUs, all together.")]
MaxTrials = Annotated[int | None, typer.Option(min=1, help="Trials to start at most.")]
ClusterSize = Annotated[
    str | None, typer.Option(metavar="CPUS[,GPUS]", help="What there is to run on; else this machine.")
]
Suggest = Annotated[bool, typer.Option("--suggest", help="Epochs and seeds that could answer the question.")]
Spread = Annotated[float | None, typer.Option(help="Standard deviation over a cell's seeds, if not measured.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def forbid(value: bool) -> bool:
    """Refuses plug-ins by module from here on, in this process and those that it starts."""
    from probeline.plugins import catalog

    if value:
        os.environ[catalog.PERMISSION] = catalog.FORBIDDEN
    catalog.on_external_plugin(lambda name, file: say(f"this spec runs code from: {name} ({file})"))
    return value


NoPlugins = Annotated[
    bool,
    typer.Option(
        "--no-plugins",
        callback=forbid,
        help="Refuse code that the spec names by its module; PROBELINE_PLUGINS=forbid too.",
    ),
]


def working_folder() -> Path:
    """The folder that a command stands in. Raises UserError where it was removed meanwhile."""
    try:
        return Path.cwd()
    except OSError as error:
        raise UserError(f"the working folder cannot be used ({error.strerror}); change to another one") from None


def writable_folder(option: str, folder: Path) -> None:
    """Makes an option's folder and writes a byte there, before anything that takes time. Raises UserError."""
    with writing(option, folder):
        check_name(option, folder)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")


def check_name(option: str, path: Path) -> None:
    """MLflow and Ray keep paths as UTF-8 text. Raises UserError for a path whose bytes are none."""
    try:
        str(path.resolve()).encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(
            f"{option} {path.resolve()}: a folder's name is not UTF-8 text, so MLflow can keep nothing there; rename it"
        ) from None


def storage_of(storage: str | None, folder: Path) -> "StoragePath":
    """Where encoders and checkpoints are, tried if it is remote. Raises UserError."""
    from probeline.storage.paths import parse_path, tried

    return tried(parse_path(storage)) if storage else folder


def planned(
    spec: Path,
    scale: str | None,
    sets: list[str] | None,
    tracking_uri: str | None,
    gpus_elsewhere: float | None = None,
) -> "tuple[Plan, str]":
    """The plan of a spec and the address of MLflow; `gpus_elsewhere`: of a cluster, in place of this machine's.

    Raises UserError.
    """
    from probeline.execution.planning.auto_gpus import cards_elsewhere
    from probeline.execution.planning.plan import make
    from probeline.experiment.load import load
    from probeline.tracking.reading.results import store_errors
    from probeline.tracking.server.acceptance import check
    from probeline.tracking.server.location import resolve

    experiment = load(spec, scale, sets or ())
    uri = resolve(tracking_uri)
    with store_errors(uri):
        check(uri, experiment.name)
    return make(experiment, uri, None if gpus_elsewhere is None else cards_elsewhere(gpus_elsewhere)), uri
