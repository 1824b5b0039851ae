"""The commands on spec files alone: show-spec, lint, init; they are part of `cli.app`."""

import json

import typer

from probeline.cli.messages import echo
from probeline.cli.options import AsJson, Spec

app = typer.Typer()


@app.command()
def show_spec(spec: Spec, as_json: AsJson = False) -> None:
    """Show a spec with all that it extends as one file, and behind each value the file and line that wrote it."""
    from probeline.experiment.extends import read
    from probeline.experiment.problems import SpecError
    from probeline.experiment.rendering import origins, rendered

    tree = read(spec)
    if tree.problems:
        raise SpecError(tree.problems)
    print(json.dumps(origins(tree), indent=1)) if as_json else echo(rendered(tree), end="")
