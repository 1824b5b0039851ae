"""Commands that tell what an experiment's file may say: list, schema; they are part of `cli.app`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from probeline.cli import completers
from probeline.cli.output import CommandOutput
from probeline.errors import UserError, writing

app = typer.Typer()


@app.command("list")
def list_(
    kind: Annotated[
        str,
        typer.Argument(
            help="methods, encoders, datasets, protocols, figures, metrics, specs ...",
            autocompletion=completers.kinds,
        ),
    ],
    name: Annotated[
        str | None, typer.Argument(help="One of them, to see its parameters.", autocompletion=completers.plugins)
    ] = None,
    modality: Annotated[
        str | None, typer.Option("--for", help="Only those for image, waveform, tokens, series or vector.")
    ] = None,
) -> CommandOutput:
    """Show the plug-ins of a kind, or the parameters of one and what it declares; or all metrics, or specs."""
    from probeline.plugins import catalog

    if kind == "metrics":
        return listed_metrics(name)
    if kind == "specs":
        return listed_specs(name)
    if kind not in catalog.KINDS:
        raise UserError(f"list {kind}: unknown; there are {', '.join([*catalog.KINDS, 'metrics', 'specs'])}")
    return described_plugin(kind, name) if name is not None else listed_plugins(kind, modality)


def listed_plugins(kind: str, modality: str | None) -> CommandOutput:
    """A line a plug-in: what it is, or the package that registers it."""
    from probeline.plugins import catalog

    names, others = listed_names(kind, modality)
    rows: list[dict[str, str | None]]
    rows = [{"name": each, "summary": catalog.summary(kind, each), "package": "probeline"} for each in names]
    rows += [{"name": each, "summary": None, "package": package} for each, package in others.items()]
    width = max((len(row["name"] or "") for row in rows), default=0)
    words = (row["summary"] or f"(of the package {row['package']})" for row in rows)
    return CommandOutput(
        rows, "\n".join(f"{row['name']:{width}}  {text}" for row, text in zip(rows, words, strict=True))
    )


def described_plugin(kind: str, name: str) -> CommandOutput:
    """The parameters of a plug-in with their defaults, and what it declares."""
    from probeline.plugins import catalog
    from probeline.plugins.declarations import described

    declares = {constant: list(values) for constant, values in described(kind, name)}
    fields = catalog.any_config(kind, name).model_json_schema().get("properties", {})
    parameters = {key: value.get("default", "required") for key, value in fields.items()}
    lines = [catalog.summary(kind, name)]
    lines += [f"  {constant} {', '.join(values)}" for constant, values in declares.items()]
    lines += [f"  {key}: {json.dumps(value)}" for key, value in parameters.items()]
    data = {"name": name, "summary": lines[0], "declares": declares, "parameters": parameters}
    return CommandOutput(data, "\n".join(lines))


def listed_specs(package: str | None) -> CommandOutput:
    """The specs that installed packages bring, and those of the working folder; or those of one package."""
    from probeline.experiment.spec_list import listed_specs

    rows = [{"name": one.name, "file": one.file, "question": one.question} for one in listed_specs(package)]
    width = max((len(str(row["name"])) for row in rows), default=0)
    lines = [f"{row['name']:{width}}  {row['question']}".rstrip() for row in rows]
    return CommandOutput(rows, "\n".join(lines or ["no specs: none here, and no installed package brings any"]))


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


def listed_metrics(group: str | None) -> CommandOutput:
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
    keys = ("title", "unit", "scale", "direction")
    data = [{"name": name} | {key: getattr(one, key) for key in keys} for name, one in metrics]
    return CommandOutput(data, "\n".join(lines or [f"{group} declares no metric"]))


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
) -> CommandOutput:
    """Print the JSON schema of the files of experiments and collections, for editors."""
    from probeline.experiment.json_schema import spec_schema

    content = spec_schema()
    text = json.dumps(content, indent=1)
    if out is None:
        return CommandOutput(content, text)
    with writing("--out", out):
        out.write_text(text + "\n", encoding="utf-8")
    return CommandOutput({"file": out})
