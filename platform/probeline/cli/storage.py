"""The command that keeps a run's folder small: gc; it is part of `cli.app`."""

from pathlib import Path
from typing import Annotated

import typer

from probeline.cli.messages import echo
from probeline.cli.options import StorageUri, storage_of
from probeline.errors import UserError

app = typer.Typer()


@app.command()
def gc(
    specs: Annotated[
        list[Path], typer.Argument(help="Every experiment that uses the folder: what they need stays.", exists=True)
    ],
    scale: Annotated[str | None, typer.Option(help="One of their scales; else all of them.")] = None,
    tracking_uri: Annotated[str | None, typer.Option(help="MLflow's address.")] = None,
    folder: Annotated[Path, typer.Option(help="The run's folder.", envvar="PROBELINE_FOLDER")] = Path(".probeline"),
    storage: StorageUri = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove what is listed.")] = False,
) -> None:
    """List, and with --delete remove, encoders, checkpoints and copies that no trial of these experiments needs."""
    from probeline.execution.garbage import nobody_runs, remove_all, text, unneeded
    from probeline.execution.planning.plan import make
    from probeline.experiment.load import load
    from probeline.tracking.server.location import resolve

    storage_path = storage_of(storage, folder)
    uri, plans = resolve(tracking_uri), []
    for spec in specs:
        scales = [scale] if scale else [None, *load(spec).scales]
        plans += [make(load(spec, each), uri) for each in scales]
    if not storage and not folder.is_dir():
        raise UserError(f"{folder}: no such folder; --folder names the one of your runs")
    items = unneeded(storage_path, plans)
    if delete:
        with nobody_runs(folder, plans):
            remove_all(items)
    echo(text(items, delete))
