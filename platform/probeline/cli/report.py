"""Commands that read results: report, compare; they are part of `cli.app`."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probeline.cli import collection
from probeline.cli.messages import echo
from probeline.cli.options import Folder, ScaleOption, Sets, Spec, Tracking, planned, writable_folder
from probeline.errors import writing
from probeline.experiment.collection_file import is_collection

if TYPE_CHECKING:
    import pandas as pd

    from probeline.experiment.schema import Experiment
    from probeline.report.results.results import Results
    from probeline.report.results.trial_files import TrialFiles

app = typer.Typer()

MAX_COMPARED = 40
"""Runs that MLflow's comparison is opened with: more lines cannot be told apart."""


@app.command()
def report(
    spec: Spec,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Tracking = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; else .probeline/reports/<name>.")] = None,
    folder: Folder = Path(".probeline"),
    source: Annotated[
        Path | None, typer.Option("--from", help="An exported folder or results.parquet instead of MLflow.")
    ] = None,
    check: Annotated[Path | None, typer.Option(help="Expectations in YAML; exit 1 where a result is worse.")] = None,
    expect: Annotated[Path | None, typer.Option(help="Write today's results as such expectations.")] = None,
    images: Annotated[str | None, typer.Option(help="Figures as files too: png, svg or pdf.")] = None,
    publish: Annotated[bool, typer.Option(help="Put the page and its result in words into MLflow too.")] = True,
) -> None:
    """Write the page, its tables and its data from what MLflow holds, or from an export."""
    from probeline.report.checks import expectations
    from probeline.report.formats import page
    from probeline.report.formats.images import check as check_kind
    from probeline.report.results import stored
    from probeline.tracking.publishing.publication import publisher
    from probeline.tracking.writing.experiments import describe

    if is_collection(spec):
        collection.report(spec, scale, sets, tracking_uri, out, folder)
        return
    expected = expectations.read(check) if check else None
    if images is not None:
        check_kind(images)
    with _no_collection(), ExitStack() as stack:
        experiment, read, uri = _reader(spec, scale, sets, tracking_uri, source)
        out_folder = out or folder / "reports" / experiment.name
        writable_folder("--out", out_folder)
        if expect:
            writable_folder("--expect", expect.parent)
        put = stack.enter_context(publisher(uri, experiment.name)) if publish and uri is not None else None
        results = read()
        files = stored.panels(source) if source is not None else files_of(str(uri), experiment, results)
        with writing("--out", out_folder):
            paths = page.write(experiment, results, out_folder, images, files)
        echo("\n".join(str(path.resolve()) for path in paths))
        if put is not None and results.trials["run_id"].notna().any():
            summary = (out_folder / page.SUMMARY).read_text(encoding="utf-8")
            info = describe(experiment, "", {})
            echo(put(uri, folder.resolve(), info, summary, out_folder, paths, _compared(results.trials)))
    if expect:
        _expect(expect, results, experiment.report.metric or results.main_metric)
    findings = expectations.check(expected, results, experiment.report.metric) if expected else []
    for finding in findings:
        echo(finding)
    if worse := [str(finding) for finding in findings if not finding.good]:
        _tell_of_regression(experiment, worse)
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="An experiment's YAML, or the folder of a report.")],
    b: Annotated[Path, typer.Argument(help="The other one.")],
    metric: Annotated[str | None, typer.Option(help="protocol/name; else A's primary metric.")] = None,
    scale: ScaleOption = None,
    tracking_uri: Tracking = None,
) -> None:
    """Compare two experiments, or the exports of one at two commits, cell by cell over paired seeds."""
    from probeline.report.checks import comparison
    from probeline.report.results import stored

    def results(side: Path) -> "Results":
        exported = side.is_dir() or side.suffix == ".parquet"
        return stored.read(side) if exported else _reader(side, scale, None, tracking_uri, None)[1]()

    ours, theirs = results(a), results(b)
    echo(comparison.text(comparison.compare(ours, theirs, metric or ours.main_metric), str(a), str(b)))


def _reader(
    spec: Path, scale: str | None, sets: list[str] | None, tracking_uri: str | None, source: Path | None
) -> "tuple[Experiment, Callable[[], Results], str | None]":
    """(experiment, what reads its results, MLflow's address); an export needs no data set, torch or MLflow."""
    if source is not None:
        from probeline.experiment.load import load
        from probeline.report.results import stored

        return load(spec, scale, sets or ()), lambda: stored.read(source), None
    from probeline.report.results.results import Results
    from probeline.tracking.reading.results import frame
    from probeline.tracking.reading.studies import outcomes

    trial_plan, uri = planned(spec, scale, sets, tracking_uri)

    def read() -> Results:
        return Results(*frame(uri, trial_plan.trials, tuned=outcomes(uri, trial_plan.tuned)))

    return trial_plan.experiment, read, uri


def _compared(trials: "pd.DataFrame") -> list[str]:
    """The runs that MLflow's comparison opens with: of all finished trials, of the first of each cell, or of some."""
    finished = trials[trials["status"] == "finished"]
    shown = finished if len(finished) <= MAX_COMPARED else finished.drop_duplicates("cell")
    return list(shown["run_id"].dropna())[:MAX_COMPARED]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without looking for garbage: what a report makes lives until its end, and looking takes an eighth of its time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _tell_of_regression(experiment: "Experiment", worse: list[str]) -> None:
    from probeline.execution.notifications import Notifier

    notifier = Notifier(experiment.notify, experiment.name)
    notifier.tell("regression", f"{len(worse)} results are worse", "\n".join(worse), {"worse": len(worse)})
    notifier.close()


def _expect(file: Path, results: "Results", metric: str) -> None:
    """Writes today's results as expectations."""
    from probeline.report.checks import expectations

    with writing("--expect", file):
        count = expectations.stored(results, metric, file)
    echo(f"{count} expectations written to {file}")


def files_of(uri: str, experiment: "Experiment", results: "Results") -> "TrialFiles":
    """The pictures of the cells that the page shows, from MLflow."""
    from probeline.report.formats.contents import chosen
    from probeline.report.results.trial_files import TrialFiles
    from probeline.tracking.reading.artifacts import ArtifactSource, small_files

    shown = chosen(experiment, results).shown
    files, trouble = small_files(
        uri, [ArtifactSource(one.trial_id, one.run_id, one.protocols) for one in shown if one.run_id]
    )
    return TrialFiles(files, trouble or "")
