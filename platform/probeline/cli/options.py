"""Options and arguments that several commands take, and the plan that they ask for."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from probeline.execution.planning.plan import Plan
    from probeline.storage.paths import StoragePath

Spec = Annotated[Path, typer.Argument(help="The experiment's YAML file.")]
ScaleOption = Annotated[str | None, typer.Option(help="One of the experiment's scales, such as smoke.")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one key; repeatable.")]
Tracking = Annotated[str | None, typer.Option(help="MLflow's address; else $MLFLOW_TRACKING_URI, else ./mlflow.db.")]
Folder = Annotated[Path, typer.Option(help="Encoders, checkpoints and the spool.", envvar="PROBELINE_FOLDER")]
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
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def forbid(value: bool) -> bool:
    """Refuses plug-ins by module from here on, in this process and those that it starts."""
    from probeline.plugins import catalog

    if value:
        os.environ[catalog.PERMISSION] = catalog.FORBIDDEN
    catalog.on_external_plugin(lambda name, file: print(f"this spec runs code from: {name} ({file})", file=sys.stderr))
    return value


NoPlugins = Annotated[
    bool,
    typer.Option(
        "--no-plugins",
        callback=forbid,
        help="Refuse code that the spec names by its module; PROBELINE_PLUGINS=forbid too.",
    ),
]


def storage_of(storage: str | None, folder: Path) -> "StoragePath":
    """Where encoders and checkpoints are, tried if it is remote. Raises UserError."""
    from probeline.storage.paths import parse_path, tried

    return tried(parse_path(storage)) if storage else folder


def planned(spec: Path, scale: str | None, sets: list[str] | None, tracking_uri: str | None) -> "tuple[Plan, str]":
    """The plan of a spec and the address of MLflow. Raises UserError."""
    from probeline.execution.planning.plan import make
    from probeline.experiment.load import load
    from probeline.tracking.server.location import resolve

    experiment = load(spec, scale, sets or ())
    uri = resolve(tracking_uri)
    return make(experiment, uri), uri
