"""plan, run, status and report of a collection; `cli.app` and `cli.report` call them for files of that kind."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from probeline.cli.messages import echo
from probeline.cli.output import CommandOutput

if TYPE_CHECKING:
    from probeline.api.workspace import Workspace
    from probeline.execution.planning.collected import PlannedPart
    from probeline.experiment.collection import Collection, System
    from probeline.report.formats.systems_page import ShownSystem
    from probeline.report.results.results import Results

PAGES = Path("pages")
"""The folder of the experiments' own pages, below that of the collection's page."""
GENERATED = ("generations/reconstructions.png", "generations/samples.png")


def planned(
    spec: Path, scale: str | None, sets: list[str] | None, workspace: "Workspace"
) -> "tuple[Collection, list[PlannedPart]]":
    """The collection, and a plan for each of its experiments. Raises UserError."""
    from probeline.execution.planning.collected import plans
    from probeline.experiment.collection import load_collection
    from probeline.tracking.reading.results import store_errors
    from probeline.tracking.server.acceptance import check

    collection = load_collection(spec)
    parts = list(plans(spec, collection, workspace.uri, scale, tuple(sets or ())))
    with store_errors(workspace.uri):
        for part in parts:
            check(workspace.uri, part.experiment.name)
    return collection, parts


def plan(spec: Path, scale: str | None, sets: list[str] | None, workspace: "Workspace") -> CommandOutput:
    """What a run of a collection would do."""
    from probeline.execution.planning.collected import text
    from probeline.execution.planning.plan_text import as_dict

    collection, parts = planned(spec, scale, sets, workspace)
    plans = [as_dict(part.plan) if part.plan else _without_plan(part) for part in parts]
    return CommandOutput({"name": collection.name, "experiments": plans}, text(collection, parts))


def status(spec: Path, scale: str | None, sets: list[str] | None, workspace: "Workspace") -> CommandOutput:
    """The state of every trial that a collection shows, failures with their reason."""
    from probeline.execution.planning.plan_text import rows, status_text

    parts = planned(spec, scale, sets, workspace)[1]
    return CommandOutput(
        [{"experiment": part.name, "trials": rows(part.plan) if part.plan else []} for part in parts],
        "\n\n".join(
            status_text(part.plan) if part.plan else f"{part.experiment.name}: {part.reason}" for part in parts
        ),
    )


def run(
    spec: Path, scale: str | None, sets: list[str] | None, address: str | None, workspace: "Workspace"
) -> CommandOutput:
    """Run what a collection's experiments have left to do, one after the other; Ctrl-C stops them all."""
    from probeline.api import running
    from probeline.execution.planning.collected import text

    collection, parts = planned(spec, scale, sets, workspace)
    echo(text(collection, parts))
    answers, worst = [], 0
    for part in parts:
        if part.plan is None or not part.plan.todo:
            continue
        echo("")
        outcome = running.run(part.experiment, workspace, address=address, show=echo)
        echo(outcome.summary(part.command))
        answers.append({"experiment": part.name} | outcome.as_dict())
        worst = max(worst, outcome.exit_code)
        if outcome.exit_code >= 128:  # stopped by a signal: what follows is not wanted now
            break
    following = f"Build the page:  probeline report {spec}{f' --scale {scale}' if scale else ''}"
    return CommandOutput({"name": collection.name, "runs": answers, "exit_code": worst}, f"\n{following}", worst)


def report(
    spec: Path, scale: str | None, sets: list[str] | None, out: Path | None, workspace: "Workspace"
) -> CommandOutput:
    """Write a collection's page, and below it the page of each of its experiments."""
    from probeline.api.workspace import writable_folder
    from probeline.errors import writing
    from probeline.report.formats import systems_page

    collection, parts = planned(spec, scale, sets, workspace)
    folder = out or workspace.path / "reports" / collection.name
    writable_folder("--out", folder)
    results = {part.name: write_page(part, folder / PAGES / part.name, workspace) for part in parts if part.plan}
    with writing("--out", folder):
        paths = systems_page.write(collection, list(shown(collection, parts, results, scale, workspace.uri)), folder)
    echo("\n".join(str(path.resolve()) for path in paths))
    return CommandOutput({"name": collection.name, "files": [path.resolve() for path in paths]})


def write_page(part: "PlannedPart", folder: Path, workspace: "Workspace") -> "Results":
    """Writes an experiment's own page, of the cells that the collection shows; what its trials have recorded."""
    from probeline.api.reading import source_of
    from probeline.api.reporting import write

    return write(source_of(part.experiment, workspace), workspace, folder, publish=False).results


def _without_plan(part: "PlannedPart") -> dict[str, str]:
    return {"name": part.experiment.name, "reason": part.reason}


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
