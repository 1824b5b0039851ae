"""The command that tells what was read of an experiment's data: data; it is part of `cli.app`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from probeline.cli.messages import echo
from probeline.cli.options import Folder, NoPlugins, ScaleOption, Sets, Spec
from probeline.cli.output import CommandOutput

app = typer.Typer()


@app.command()
def data(
    spec: Spec,
    scale: ScaleOption = None,
    sets: Sets = None,
    out: Annotated[Path | None, typer.Option(help="Contact sheet; else .probeline/data/<name>.png.")] = None,
    folder: Folder = Path(".probeline"),
    no_plugins: NoPlugins = False,
) -> CommandOutput:
    """Tell what was read of the data: splits, classes, sizes, what was passed over; with a contact sheet."""
    from probeline.api.specs import load
    from probeline.data import contact_sheet, overview
    from probeline.data.render import has_picture
    from probeline.data.store import open_dataset
    from probeline.experiment.canonical import canonical_json
    from probeline.experiment.grid import cells
    from probeline.experiment.identity import all_data

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
        echo(overview.text(component) + (f"\n  contact sheet: {sheet}" if sheet else ""))
        contents.append(overview.as_dict(component) | {"contact_sheet": sheet})
    return CommandOutput(contents)
