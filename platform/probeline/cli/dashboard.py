"""The command that shows an experiment while it runs: dash; it is part of `cli.app`."""

from pathlib import Path
from typing import Annotated

import typer

from probeline.cli import completers, listening
from probeline.cli.options import Folder, ScaleOption, Sets, StorageUri, Tracking
from probeline.cli.output import CommandOutput, emit
from probeline.errors import UserError

app = typer.Typer()


@app.command()
def dash(
    spec: Annotated[
        str | None,
        typer.Argument(
            help="The experiment's YAML file, PACKAGE:NAME, or its name in MLflow; else all there.",
            autocompletion=completers.specs,
        ),
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
    from probeline.api.specs import is_file
    from probeline.api.workspace import Workspace
    from probeline.experiment.packages import spec_file

    try:
        from probeline_dashboard import board, server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("dash", "flask", "werkzeug"):
            raise
        raise UserError("probeline dash: Dash is not installed; pip install 'probeline[dashboard]'") from error
    with listening.listen(host, port) as bound:  # says at once that a port is in use: planning may take seconds
        workspace = Workspace(folder, tracking_uri, storage)
        at = (workspace.uri, workspace.encoders_at)
        if spec is not None and is_file(spec):
            shown = board.of_file(spec_file(spec), scale, sets or [], *at)
        else:
            shown = board.of_mlflow(spec, scale, sets or [], *at)
        url = listening.url(bound, host)
        emit(CommandOutput({"url": url}, f"{', '.join(shown.names[:3])}: {url}  (Ctrl-C stops it)"))
        server.serve(bound, shown, host)
