"""Commands over all experiments: board and, from a file of its own, index; they are part of `cli.app`."""

from pathlib import Path
from typing import Annotated

import typer

from probeline.cli import index
from probeline.cli.messages import echo
from probeline.cli.options import Folder, Tracking
from probeline.cli.output import CommandOutput
from probeline.errors import UserError, writing

app = typer.Typer()
app.add_typer(index.app)  # index


@app.command()
def board(
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="KEY=VALUE", help="Only trials whose recipe has this value; repeatable."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="protocol/name; else the primary metric of every protocol.")
    ] = None,
    tracking_uri: Tracking = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; else .probeline/board.")] = None,
    folder: Folder = Path(".probeline"),
) -> CommandOutput:
    """Rank what shares data, protocol and number of epochs, whichever experiments have run it, with ties."""
    from probeline.api.workspace import writable_folder
    from probeline.report.formats import board_page
    from probeline.report.tables import board as words
    from probeline.report.tables.contests import contests
    from probeline.tracking.reading.finished import finished_trials
    from probeline.tracking.server.location import resolve

    filters = dict(_pair(text) for text in where or ())
    every = contests(finished_trials(resolve(tracking_uri)), filters, metric)
    out_folder = out or folder / "board"
    writable_folder("--out", out_folder)
    echo(words.text(every) or "No two finished cells share data, protocol and number of epochs.")
    with writing("--out", out_folder):
        paths = board_page.write(every, ", ".join(where or ()) or "All experiments", out_folder)
    echo("\n".join(str(path.resolve()) for path in paths))
    return CommandOutput([words.as_dict(each) for each in every])


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UserError(
            f"--where {text}: got no KEY=VALUE; allowed: a recipe key such as method=simclr, or experiment=NAME"
        )
    return key, value
