"""The command that shows an experiment while it runs: dash; it is part of `cli.app`."""

from pathlib import Path
from typing import Annotated

import typer

from probeline.cli.options import Folder, ScaleOption, Sets, StorageUri, Tracking, storage_of
from probeline.errors import UserError

app = typer.Typer()


@app.command()
def dash(
    spec: Annotated[
        str | None, typer.Argument(help="The experiment's YAML file, or its name in MLflow; else all there.")
    ] = None,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Tracking = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes a free one.")] = 8050,
    host: Annotated[str, typer.Option(help="Who may connect; the default is this machine only.")] = "127.0.0.1",
    folder: Folder = Path(".probeline"),
    storage: StorageUri = None,
) -> None:
    """Show an experiment live in a browser: its grid, curves, cost, failures and the report's figures so far."""
    from probeline.tracking.server.location import resolve

    try:
        from probeline_dashboard import board, server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("dash", "flask", "werkzeug"):
            raise
        raise UserError("probeline dash: Dash is not installed; pip install 'probeline[dashboard]'") from error
    with server.listen(host, port) as bound:  # says at once that a port is in use: planning may take seconds
        uri, storage_path = resolve(tracking_uri), storage_of(storage, folder)
        file = spec is not None and (Path(spec).exists() or Path(spec).suffix in (".yaml", ".yml"))
        if spec is not None and file:
            shown = board.of_file(Path(spec), scale, sets or [], uri, storage_path)
        else:
            shown = board.of_mlflow(spec, scale, sets or [], uri, storage_path)
        server.serve(bound, shown, host)
