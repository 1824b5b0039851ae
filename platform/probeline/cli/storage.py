"""The command that keeps a run's folder small: gc; it is part of `cli.app`."""

from pathlib import Path
from typing import Annotated

import typer

from probeline.cli import completers
from probeline.cli.options import StorageUri
from probeline.cli.output import CommandOutput
from probeline.errors import UserError

app = typer.Typer()


@app.command()
def gc(
    specs: Annotated[
        list[Path],
        typer.Argument(
            help="Every experiment that uses the folder: what they need stays.",
            exists=True,
            autocompletion=completers.specs,
        ),
    ],
    scale: Annotated[str | None, typer.Option(help="One of their scales; else all of them.")] = None,
    tracking_uri: Annotated[str | None, typer.Option(help="MLflow's address.")] = None,
    folder: Annotated[Path, typer.Option(help="The run's folder.", envvar="PROBELINE_FOLDER")] = Path(".probeline"),
    storage: StorageUri = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove what is listed.")] = False,
) -> CommandOutput:
    """List, and with --delete remove, encoders, checkpoints and copies that no trial of these experiments needs."""
    from probeline.api.specs import load
    from probeline.api.workspace import Workspace
    from probeline.execution.garbage import nobody_runs, remove_all, text, unneeded
    from probeline.execution.planning.plan import make

    workspace, plans = Workspace(folder, tracking_uri, storage), []
    for spec in specs:
        scales = [scale] if scale else [None, *load(spec).scales]
        plans += [make(load(spec, each), workspace.uri) for each in scales]
    if not storage and not folder.is_dir():
        raise UserError(f"{folder}: no such folder; --folder names the one of your runs")
    items = unneeded(workspace.encoders_at, plans)
    if delete:
        with nobody_runs(folder, plans):
            remove_all(items)
    sizes = sum(item.size for item in items)
    return CommandOutput({"items": items, "bytes": sizes, "deleted": delete}, text(items, delete))
