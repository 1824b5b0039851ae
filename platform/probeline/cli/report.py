"""Commands that read results: report, compare; they are part of `cli.app`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from probeline.cli import completers
from probeline.cli.messages import echo
from probeline.cli.options import Folder, ScaleOption, Sets, Spec, Tracking, resolved_spec
from probeline.cli.output import CommandOutput
from probeline.errors import writing
from probeline.experiment.collection_file import is_collection

if TYPE_CHECKING:
    from probeline.experiment.schema import Experiment
    from probeline.report.results.results import Results

app = typer.Typer()

Side = Annotated[
    Path,
    typer.Argument(
        help="An experiment's YAML, or the folder of a report.",
        callback=resolved_spec,
        autocompletion=completers.specs,
    ),
]


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
) -> CommandOutput:
    """Write the page, its tables and its data from what MLflow holds, or from an export."""
    from probeline.api import reporting
    from probeline.api.reading import source_of
    from probeline.api.specs import load
    from probeline.api.workspace import Workspace, writable_folder
    from probeline.report.checks import expectations

    expected, workspace = expectations.read(check) if check else None, Workspace(folder, tracking_uri)
    if is_collection(spec):
        from probeline.cli import collection_page

        return collection_page.report(spec, scale, sets, out, workspace, (source, check, expect, images))
    with reporting.no_collection():
        source_ = source_of(load(spec, scale, sets or ()), workspace, source)
        if expect:
            writable_folder("--expect", expect.parent)
        written = reporting.write(source_, workspace, out, images, publish, source)
    echo("\n".join(str(path.resolve()) for path in written.paths))
    if written.published:
        echo(written.published)
    experiment, results = source_.experiment, written.results
    stored = _expect(expect, results, experiment.report.metric or results.main_metric) if expect else None
    findings = expectations.check(expected, results, experiment.report.metric) if expected else []
    if worse := [str(finding) for finding in findings if not finding.good]:
        _tell_of_regression(experiment, worse)
    files = [path.resolve() for path in written.paths]
    answer: dict[str, Any] = {"experiment": experiment.name, "files": files, "published": written.published}
    answer |= {"expectations": stored, "checks": findings}
    return CommandOutput(answer, "\n".join(map(str, findings)), 1 if worse else 0)


@app.command()
def compare(
    a: Side,
    b: Side,
    metric: Annotated[str | None, typer.Option(help="protocol/name; else A's primary metric.")] = None,
    scale: ScaleOption = None,
    tracking_uri: Tracking = None,
) -> CommandOutput:
    """Compare two experiments, or the exports of one at two commits, cell by cell over paired seeds."""
    from probeline.api.reading import source_of
    from probeline.api.specs import load
    from probeline.api.workspace import Workspace
    from probeline.report.checks import comparison
    from probeline.report.results import stored

    def results(side: Path) -> "Results":
        exported = side.is_dir() or side.suffix == ".parquet"
        return (
            stored.read(side) if exported else source_of(load(side, scale), Workspace(tracking_uri=tracking_uri)).read()
        )

    ours, theirs = results(a), results(b)
    compared = comparison.compare(ours, theirs, metric or ours.main_metric)
    return CommandOutput(comparison.as_dict(compared), comparison.text(compared, str(a), str(b)))


def _tell_of_regression(experiment: "Experiment", worse: list[str]) -> None:
    from probeline.execution.notifications import Notifier

    notifier = Notifier(experiment.notify, experiment.name)
    notifier.tell("regression", f"{len(worse)} results are worse", "\n".join(worse), {"worse": len(worse)})
    notifier.close()


def _expect(file: Path, results: "Results", metric: str) -> int:
    """Writes today's results as expectations; how many."""
    from probeline.report.checks import expectations

    with writing("--expect", file):
        count = expectations.stored(results, metric, file)
    echo(f"{count} expectations written to {file}")
    return count
