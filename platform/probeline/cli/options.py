"""Options and arguments that several commands take."""

import os
import shlex
import stat
from pathlib import Path
from typing import Annotated

import typer

from probeline.cli import completers
from probeline.cli.messages import say
from probeline.errors import UserError, parsing


def resolved_spec(spec: Path | None) -> Path | None:
    """The file of a spec: of `PACKAGE:NAME` the one that an installed package brings. Raises UserError."""
    if spec is None or ":" not in str(spec):
        return spec
    from probeline.experiment.packages import spec_file

    return spec_file(spec)


Spec = Annotated[
    Path,
    typer.Argument(
        help="The experiment's YAML file, or PACKAGE:NAME.", callback=resolved_spec, autocompletion=completers.specs
    ),
]
ScaleOption = Annotated[
    str | None,
    typer.Option(help="One of the experiment's scales, such as smoke.", autocompletion=completers.scales),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override one key; repeatable.", autocompletion=completers.overrides
    ),
]
Tracking = Annotated[str | None, typer.Option(help="MLflow's address; else $MLFLOW_TRACKING_URI, else ./mlflow.db.")]


def same_trials(spec: Path, scale: str | None, sets: list[str] | None, tracking_uri: str | None) -> str:
    """Spec and options as typed, so that a command that is told next means the same trials in the same place."""
    from probeline.storage.redaction import redacted

    where = redacted(tracking_uri) if tracking_uri else None
    given = (("--scale", scale), *(("--set", each) for each in sets or ()), ("--tracking-uri", where))
    return shlex.join([str(spec), *(word for name, value in given if value is not None for word in (name, value))])


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
