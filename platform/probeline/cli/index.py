"""The command that writes one page over many experiments: index; it is part of `cli.board`."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probeline.cli.messages import say
from probeline.cli.options import Folder, ScaleOption, Tracking
from probeline.cli.output import CommandOutput
from probeline.errors import TrialError, UserError, writing

if TYPE_CHECKING:
    from probeline.execution.planning.plan import Plan
    from probeline.experiment.schema import Experiment
    from probeline.report.results.results import Results
    from probeline.report.tables.index_entries import IndexEntry

app = typer.Typer()

LARGE = ("lab", "paper")
"""Scales that are looked at where they are asked for: their data need not be on this machine."""


@app.command()
def index(
    specs: Annotated[list[Path] | None, typer.Argument(help="Spec files or folders; else experiments/.")] = None,
    scale: ScaleOption = None,
    tracking_uri: Tracking = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; else .probeline/reports.")] = None,
    folder: Folder = Path(".probeline"),
) -> CommandOutput:
    """Write one page over many experiments: questions, answers in a sentence, state, price, links to their pages."""
    from probeline.api.workspace import writable_folder
    from probeline.report.formats import index_page
    from probeline.tracking.server.location import resolve

    out_folder = out or folder / "reports"
    writable_folder("--out", out_folder)
    files = list(spec_files(specs or [Path("experiments")]))
    every = entries_of(files, scale, resolve(tracking_uri), folder, out_folder)
    entries = sorted(every, key=lambda entry: not (entry.finished or entry.page))  # what has an answer comes first
    with writing("--out", out_folder):
        paths = index_page.write(entries, out_folder)
    return CommandOutput(
        {"files": [path.resolve() for path in paths], "experiments": entries},
        "\n".join(str(path.resolve()) for path in paths),
    )


def spec_files(given: Sequence[Path]) -> Iterator[Path]:
    """The files, and those below folders. Raises UserError where there is none."""
    for path in given:
        below = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        if not below:
            raise UserError(f"{path}: no .yaml file below it; name the experiments' files or their folder")
        yield from below


def entries_of(files: Sequence[Path], scale: str | None, uri: str, folder: Path, out: Path) -> "Iterator[IndexEntry]":
    """An entry a file; one that is no experiment is passed over with a message."""
    from probeline.experiment.collection_file import is_collection
    from probeline.experiment.load import load
    from probeline.experiment.problems import SpecError
    from probeline.tracking.reading import stored

    ran = set(stored.experiments(uri))
    for file in files:
        if is_collection(file):
            yield _of_collection(file, folder, out)
            continue
        try:
            experiment = load(file)
            entry = _of_experiment(file, experiment, scale, uri, folder) if experiment.name in ran else None
        except SpecError as error:
            say(f"passed over: {str(error).splitlines()[0]}")
            continue
        yield _linked(entry or _not_run(experiment, file), folder, out)


def _not_run(experiment: "Experiment", file: Path) -> "IndexEntry":
    from probeline.report.tables.index_entries import not_run

    return not_run(experiment, str(file))


def _of_experiment(file: Path, experiment: "Experiment", scale: str | None, uri: str, folder: Path) -> "IndexEntry":
    """The entry at `scale`, else at that of the small ones of which most has finished."""
    from probeline.api.reading import source_of_plan
    from probeline.execution.planning.plan import make
    from probeline.experiment.load import load
    from probeline.report.tables.index_entries import entry, in_words

    small = [None, *(each for each in experiment.scales if each not in LARGE)]
    try:
        plans = [make(load(file, each), uri) for each in ([scale] if scale in experiment.scales else small)]
    except (UserError, TrialError) as error:
        return replace(_not_run(experiment, file), state=f"cannot be planned: {str(error).splitlines()[0]}")
    plan = max(plans, key=_progress)
    results = source_of_plan(plan, uri).read()
    shown = entry(plan.experiment, str(file), results)
    return replace(shown, state=in_words(plan.counts()), price=_price(plan, results, uri, folder))


def _progress(plan: "Plan") -> tuple[int, float]:
    """How many trials have finished, and which share of the planned ones that is."""
    finished = plan.counts().get("finished", 0)
    return finished, finished / max(1, len(plan.trials))


def _price(plan: "Plan", results: "Results", uri: str, folder: Path) -> str:
    """What was spent on the trials, and what is still to be."""
    from probeline.execution.planning import forecast
    from probeline.execution.progress import duration
    from probeline.execution.ray.scheduler import NO_LIMIT
    from probeline.report.results.time_spent import time_spent

    spent = sum(time_spent(results.trials).values())
    parts = [f"{duration(spent)} of one worker spent"] if spent else []
    if plan.todo:
        remainder, _ = forecast.make(plan, uri, folder, None, NO_LIMIT)
        known = any(price.parts for price in remainder.prices)
        parts.append(f"about {duration(remainder.clock)} to go" if known else "the rest has no price yet")
    return ", ".join(parts)


def _of_collection(file: Path, folder: Path, out: Path) -> "IndexEntry":
    """The entry of a collection, whose page has the numbers."""
    from probeline.experiment.collection import load_collection
    from probeline.report.tables.index_entries import IndexEntry

    listed = load_collection(file)
    counts = ((len(listed.collection), "system"), (len(listed.specs), "experiment"))
    words = " of ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counts)
    state = f"a collection of {words}"
    return _linked(IndexEntry(listed.name, str(file), None, listed.question, listed.expected, state=state), folder, out)


def _linked(entry: "IndexEntry", folder: Path, out: Path) -> "IndexEntry":
    """With a relative link to the experiment's report, where that has been written."""
    page = folder / "reports" / entry.name / "index.html"
    return replace(entry, page=Path(os.path.relpath(page, out)).as_posix()) if page.is_file() else entry
