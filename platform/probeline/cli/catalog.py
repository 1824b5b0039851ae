"""Commands that tell what an experiment's file may say: list, schema; they are part of `cli.app`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from probeline.errors import UserError, writing

app = typer.Typer()


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help="methods, encoders, datasets, protocols or figures.")],
    name: Annotated[str | None, typer.Argument(help="One of them, to see its parameters.")] = None,
) -> None:
    """Show the plug-ins of a kind, or the parameters of one."""
    from probeline.plugins import catalog

    if kind not in catalog.KINDS:
        raise UserError(f"list {kind}: unknown; there are {', '.join(catalog.KINDS)}")
    if name is None:
        names = catalog.names(kind)
        width = max(map(len, names), default=0)
        for each in names:
            print(f"{each:{width}}  {catalog.summary(kind, each)}")
    else:
        print(catalog.summary(kind, name))
        for key, value in catalog.any_config(kind, name).model_json_schema().get("properties", {}).items():
            print(f"  {key}: {json.dumps(value.get('default', 'required'))}")


@app.command()
def schema(out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None) -> None:
    """Print the JSON schema of experiment files, for editors."""
    from probeline.experiment.json_schema import experiment_schema

    text = json.dumps(experiment_schema(), indent=1)
    if out is None:
        print(text)
    else:
        with writing("--out", out):
            out.write_text(text + "\n", encoding="utf-8")
