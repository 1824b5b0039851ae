"""plan, run, status and report of a collection; `cli.app` and `cli.report` call them for files of that kind."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from probeline.cli.messages import echo
from probeline.cli.options import storage_of, writable_folder

if TYPE_CHECKING:
    from probeline.execution.planning.collected import PlannedPart
    from probeline.experiment.collection import Collection, System
    from probeline.report.formats.systems_page import ShownSystem
    from probeline.report.results.results import Results

PAGES = Path("pages")
"""The folder of the experiments' own pages, below that of the collection's page."""
GENERATED = ("generations/reconstructions.png", "generations/samples.png")


def planned(
    spec: Path, scale: str | None, sets: list[str] | None, tracking_uri: str | None
) -> "tuple[Collection, list[PlannedPart], str]":
    """(the collection, a plan for each of its experiments, MLflow's address). Raises UserError."""
    from probeline.execution.planning.collected import plans
    from probeline.experiment.collection import load_collection
    from probeline.tracking.reading.results import store_errors
    from probeline.tracking.server.acceptance import check
    from probeline.tracking.server.location import resolve

    uri, collection = resolve(tracking_uri), load_collection(spec)
    parts = list(plans(spec, collection, uri, scale, tuple(sets or ())))
    with store_errors(uri):
        for part in parts:
            check(uri, part.experiment.name)
    return collection, parts, uri


def plan(spec: Path, scale: str | None, sets: list[str] | None, tracking_uri: str | None) -> None:
    """Print what a run of a collection would do."""
    from probeline.execution.planning.collected import text

    collection, parts, _ = planned(spec, scale, sets, tracking_uri)
    echo(text(collection, parts))


def status(spec: Path, scale: str | None, sets: list[str] | None, tracking_uri: str | None) -> None:
    """Print the state of every trial that a collection shows, failures with their reason."""
    from probeline.execution.planning.plan import status_text

    for part in planned(spec, scale, sets, tracking_uri)[1]:
        echo(f"{status_text(part.plan) if part.plan else f'{part.experiment.name}: {part.reason}'}\n")


def run(
    spec: Path,
    scale: str | None,
    sets: list[str] | None,
    tracking_uri: str | None,
    address: str | None,
    folder: Path,
    storage: str | None,
) -> None:
    """Run what a collection's experiments have left to do, one after the other; Ctrl-C stops them all."""
    from rich.console import Console

    from probeline.execution.planning.collected import text
    from probeline.execution.planning.plan import headline
    from probeline.execution.progress import watch
    from probeline.execution.run import RunEnvironment
    from probeline.execution.run import run as run_plan
    from probeline.experiment.rendering import whole_text
    from probeline.tracking.server.location import check_writable
    from probeline.tracking.writing.experiments import describe
    from probeline.tracking.writing.provenance import collect

    environment_storage = storage_of(storage, folder)
    collection, parts, uri = planned(spec, scale, sets, tracking_uri)
    writable_folder("--folder", folder)
    check_writable(uri)
    echo(text(collection, parts))
    worst = 0
    for part in parts:
        if part.plan is None or not part.plan.todo:
            continue
        echo(f"\n{headline(part.plan)}")
        info = describe(part.experiment, whole_text(part.file), collect(part.file.resolve().parent))
        display = watch(part.plan.todo, part.plan.counts().get("finished", 0), Console(), [])
        site = RunEnvironment(folder, uri, address, environment_storage)
        outcome = run_plan(part.plan, info, site, display)
        echo(outcome.summary(part.command))
        worst = max(worst, outcome.exit_code)
        if outcome.exit_code >= 128:  # stopped by a signal: what follows is not wanted now
            break
    echo(f"\nBuild the page:  probeline report {spec}{f' --scale {scale}' if scale else ''}")
    raise typer.Exit(worst)


def report(
    spec: Path, scale: str | None, sets: list[str] | None, tracking_uri: str | None, out: Path | None, folder: Path
) -> None:
    """Write a collection's page, and below it the page of each of its experiments."""
    from probeline.errors import writing
    from probeline.report.formats import systems_page

    collection, parts, uri = planned(spec, scale, sets, tracking_uri)
    out_folder = out or folder / "reports" / collection.name
    writable_folder("--out", out_folder)
    results = {part.name: results_of(part, uri) for part in parts if part.plan}
    with writing("--out", out_folder):
        for part in parts:
            if part.plan:
                write_page(part, results[part.name], out_folder / PAGES / part.name, uri)
        paths = systems_page.write(collection, list(shown(collection, parts, results, scale, uri)), out_folder)
    echo("\n".join(str(path.resolve()) for path in paths))


def results_of(part: "PlannedPart", uri: str) -> "Results":
    """What the trials of a part have recorded."""
    from probeline.report.results.results import Results
    from probeline.tracking.reading.results import frame

    assert part.plan is not None
    return Results(*frame(uri, part.plan.trials, part.experiment.name))


def write_page(part: "PlannedPart", results: "Results", folder: Path, uri: str) -> None:
    """The experiment's own page, of the cells that the collection shows."""
    from probeline.cli.report import files_of
    from probeline.report.formats import page

    page.write(part.experiment, results, folder, files=files_of(uri, part.experiment, results))


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
    for made, part in zip(systems.rows(sides), of_row, strict=True):
        picture, words = picture_of(part, made.system, results.get(part.name), uri)
        yield ShownSystem(made, f"{PAGES}/{part.name}/index.html" if part.plan else "", picture, words)


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
