"""The command that tells what was read of an experiment's data: data; it is part of `cli.app`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from probeline.cli.messages import echo
from probeline.cli.options import AsJson, Folder, NoPlugins, ScaleOption, Sets, Spec

app = typer.Typer()


@app.command()
def data(
    spec: Spec,
    scale: ScaleOption = None,
    sets: Sets = None,
    as_json: AsJson = False,
    out: Annotated[Path | None, typer.Option(help="Contact sheet; else .probeline/data/<name>.png.")] = None,
    folder: Folder = Path(".probeline"),
    no_plugins: NoPlugins = False,
) -> None:
    """Tell what was read of the data: splits, classes, sizes, what was passed over; with a contact sheet."""
    from probeline.data import contact_sheet, overview
    from probeline.data.render import has_picture
    from probeline.data.store import open_dataset
    from probeline.experiment.grid import cells
    from probeline.experiment.identity import all_data, canonical_json
    from probeline.experiment.load import load

    experiment = load(spec, scale, sets or ())
    every = (each.as_dict() for cell in cells(experiment) for each in all_data(cell.recipe))
    components = {canonical_json(each): each for each in every}
    first = out or folder / "data" / f"{experiment.name}.png"
    contents: list[dict[str, Any]] = []
    for number, component in enumerate(components.values(), 1):
        path = first if number == 1 else first.with_stem(f"{first.stem}_{number}")
        dataset, sheet = open_dataset(component), None
        if has_picture(dataset.info.sample):
            sheet = str(contact_sheet.write(dataset, overview.title(component), path).resolve())
        if as_json:
            contents.append(overview.as_dict(component) | {"contact_sheet": sheet})
        else:
            echo(overview.text(component) + (f"\n  contact sheet: {sheet}" if sheet else ""))
    if as_json:
        print(json.dumps(contents, indent=1))
