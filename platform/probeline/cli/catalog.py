"""Commands that tell what an experiment's file may say: list, schema; they are part of `cli.app`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from probeline.cli.messages import echo
from probeline.errors import UserError, writing

app = typer.Typer()


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help="methods, encoders, datasets, protocols, figures, metrics ...")],
    name: Annotated[str | None, typer.Argument(help="One of them, to see its parameters.")] = None,
    modality: Annotated[
        str | None, typer.Option("--for", help="Only those for image, waveform, tokens, series or vector.")
    ] = None,
) -> None:
    """Show the plug-ins of a kind, or the parameters of one and what it declares."""
    from probeline.plugins import catalog
    from probeline.plugins.declarations import described

    if kind == "metrics":
        echo(metrics_text(name))
        return
    if kind not in catalog.KINDS:
        raise UserError(f"list {kind}: unknown; there are {', '.join([*catalog.KINDS, 'metrics'])}")
    if name is None:
        names, others = listed_names(kind, modality)
        width = max(map(len, [*names, *others]), default=0)
        for each in names:
            echo(f"{each:{width}}  {catalog.summary(kind, each)}")
        for each, package in others.items():
            echo(f"{each:{width}}  (of the package {package})")
    else:
        echo(catalog.summary(kind, name))
        for constant, values in described(kind, name):
            echo(f"  {constant} {', '.join(values)}")
        for key, value in catalog.any_config(kind, name).model_json_schema().get("properties", {}).items():
            echo(f"  {key}: {json.dumps(value.get('default', 'required'))}")


def listed_names(kind: str, modality: str | None) -> tuple[list[str], dict[str, str]]:
    """The plug-ins of a kind that Probeline ships, and those of packages, all or those for a modality."""
    from probeline.core.declaration import MODALITIES
    from probeline.plugins import catalog
    from probeline.plugins.declarations import fitting

    names, others = catalog.names(kind), catalog.registered_names(kind)
    if modality is None:
        return names, others
    if modality not in MODALITIES:
        raise UserError(f"--for {modality}: unknown; there are {', '.join(MODALITIES)}")
    fit = set(fitting(kind, modality))
    return [name for name in names if name in fit], {name: of for name, of in others.items() if name in fit}


def metrics_text(group: str | None) -> str:
    """The declared metrics, of one protocol or of all and of training, a line each: name, direction, unit, title."""
    from probeline.plugins import catalog
    from probeline.plugins.metrics import TRAINING, declared

    groups = [*catalog.names("protocols"), *TRAINING] if group is None else [group]
    metrics = [(f"{each}/{name}", metric) for each in groups for name, metric in declared(each).items()]
    if not metrics and group is not None and group not in catalog.names("protocols"):
        names = ", ".join([*catalog.names("protocols"), *TRAINING])
        raise UserError(f"list metrics {group}: unknown; metrics are declared by {names}")
    width = max((len(name) for name, _ in metrics), default=0)
    lines = [f"{name:{width}}  {one.direction:6}  {one.unit or '-':5}  {one.title}" for name, one in metrics]
    return "\n".join(lines or [f"{group} declares no metric"])


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
