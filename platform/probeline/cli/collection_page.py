"""The page of a collection: its rows with pictures and links, and below it the page of each of its experiments."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from probeline.cli.collection import of_one, planned
from probeline.cli.messages import echo
from probeline.cli.output import CommandOutput
from probeline.errors import writing

if TYPE_CHECKING:
    from probeline.api.workspace import Workspace
    from probeline.execution.planning.collected import PlannedPart
    from probeline.execution.planning.plan import Plan
    from probeline.experiment.collection import Collection, System
    from probeline.report.formats.systems_page import ShownSystem
    from probeline.report.results.results import Results

PAGES = Path("pages")
"""The folder of the experiments' own pages, below that of the collection's page."""
GENERATED = ("generations/reconstructions.png", "generations/samples.png")


def report(
    spec: Path,
    scale: str | None,
    sets: list[str] | None,
    out: Path | None,
    workspace: "Workspace",
    others: Sequence[object],
) -> CommandOutput:
    """Write a collection's page, and below it the page of each of its experiments."""
    from probeline.api.workspace import writable_folder
    from probeline.report.formats import systems_page

    of_one("--from, --check, --expect, --images", others)
    collection, parts = planned(spec, scale, sets, workspace)
    folder = out or workspace.path / "reports" / collection.name
    writable_folder("--out", folder)
    results = {part.name: write_page(part.plan, folder / PAGES / part.name, workspace) for part in parts if part.plan}
    with writing("--out", folder):
        paths = systems_page.write(collection, list(shown(collection, parts, results, scale, workspace.uri)), folder)
    echo("\n".join(str(path.resolve()) for path in paths))
    return CommandOutput({"name": collection.name, "files": [path.resolve() for path in paths]})


def write_page(plan: "Plan", folder: Path, workspace: "Workspace") -> "Results":
    """Writes an experiment's own page, of the cells that the collection shows; what its trials have recorded."""
    from probeline.api.reading import source_of_plan
    from probeline.api.reporting import write

    return write(source_of_plan(plan, workspace.uri), workspace, folder, publish=False).results


def shown(
    collection: "Collection", parts: "list[PlannedPart]", results: "dict[str, Results]", scale: str | None, uri: str
) -> "Iterator[ShownSystem]":
    """The rows with their pictures and links, in order."""
    from probeline.report.formats.systems_page import ShownSystem
    from probeline.report.tables import systems

    of_row = [next(part for part in parts if part.shows(row, scale)) for row in collection.collection]
    sides = []
    for row, part in zip(collection.collection, of_row, strict=True):
        experiment = part.experiment
        main = experiment.report.metric or (results[part.name].main_metric if part.plan else "")
        pair = systems.comparison(row, results[part.name], main) if part.plan else None
        sides.append((row, pair, data_of(part, row), part.reason))
    for result, part in zip(systems.rows(sides), of_row, strict=True):
        picture, words = picture_of(part, result.system, results.get(part.name), uri)
        yield ShownSystem(result, f"{PAGES}/{part.name}/index.html" if part.plan else "", picture, words)


def data_of(part: "PlannedPart", row: "System") -> str:
    """The data of a row in words."""
    from probeline.experiment.grid import cells
    from probeline.report.tables.systems import data_words

    cell = next(cell for cell in cells(part.experiment) if cell.label == row.cell)
    trial = next((trial for trial in part.plan.trials if trial.cell.label == row.cell), None) if part.plan else None
    sizes = (part.plan.train_size(trial), part.plan.test_samples(trial)) if part.plan and trial else (None, None)
    return data_words(cell.recipe.data.as_dict(), *sizes)


def picture_of(part: "PlannedPart", row: "System", results: "Results | None", uri: str) -> tuple[bytes, str]:
    """(PNG, what it shows): what the system has generated, else what it learns from; (b"", "") without data."""
    from probeline.execution.planning.thumbnail import thumbnail
    from probeline.tracking.reading.artifacts import ArtifactSource, small_files

    if results is None:
        return b"", ""
    trials = results.trials
    ran = trials[(trials["cell"] == row.cell) & (trials["status"] == "finished")]
    if len(ran):
        first = ran.iloc[0]
        files, _ = small_files(uri, [ArtifactSource(first["trial_id"], first["run_id"], ("generations",))])
        by_name = dict(zip(files["name"], files["content"], strict=True))
        for name in GENERATED:
            if name in by_name:
                return by_name[name], "Test images above their reconstructions"
    return thumbnail(part.experiment, row.cell)
