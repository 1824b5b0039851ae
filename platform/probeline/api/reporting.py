"""The report's page and its files."""

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from probeline.api.reading import ResultsSource, source_of
from probeline.api.specs import Spec
from probeline.api.workspace import Workspace, writable_folder
from probeline.errors import writing
from probeline.experiment.schema import Experiment
from probeline.report.formats import page
from probeline.report.formats.contents import chosen
from probeline.report.formats.images import check as check_kind
from probeline.report.results import stored
from probeline.report.results.trial_files import TrialFiles

if TYPE_CHECKING:
    import pandas as pd

    from probeline.report.results.results import Results
    from probeline.tracking.publishing.cell_view import CellAggregates

MAX_COMPARED = 40
"""Runs that MLflow's comparison is opened with: more lines cannot be told apart."""


@dataclass(frozen=True)
class WrittenReport:
    """The files of a page, the results that it was made of, and what came of putting it into MLflow."""

    paths: list[Path]
    results: "Results"
    published: str | None = None


def report(
    spec: Spec,
    workspace: Workspace | None = None,
    out: str | PathLike[str] | None = None,
    images: str | None = None,
    publish: bool = True,
) -> list[Path]:
    """Writes the page, its tables and its data from what MLflow holds; returns the files, `index.html` first.

    Args:
        spec: a file, a loaded experiment, or the name of one that MLflow holds. out: a folder, else
            `.probeline/reports/NAME`. images: png, svg or pdf for figures as files too. publish: put the page and its
            result in words into MLflow too.

    Raises:
        UserError: as `plan`, or files that cannot be written.
    """
    workspace = workspace or Workspace()
    return write(source_of(spec, workspace), workspace, Path(out) if out is not None else None, images, publish).paths


def write(
    source: ResultsSource,
    workspace: Workspace,
    out: Path | None = None,
    images: str | None = None,
    publish: bool = True,
    export: Path | None = None,
) -> WrittenReport:
    """The report of a source; `export`: the exported folder that it reads, which holds the panels' files too."""
    from probeline.tracking.publishing.publication import publisher
    from probeline.tracking.writing.experiments import describe

    if images is not None:
        check_kind(images)
    experiment, uri = source.experiment, source.uri
    folder = out or workspace.path / "reports" / experiment.name
    with no_collection(), ExitStack() as stack:
        writable_folder("--out", folder)
        put = stack.enter_context(publisher(uri, experiment.name)) if publish and uri is not None else None
        results = source.read()
        files = stored.panels(export) if export is not None else _files(str(uri), source, results)
        with writing("--out", folder):
            paths = page.write(experiment, results, folder, images, files)
        if put is None or not results.trials["run_id"].notna().any():
            return WrittenReport(paths, results)
        summary = (folder / page.SUMMARY).read_text(encoding="utf-8")
        info, shown = describe(experiment, "", {}), (_compared(results.trials), _cells(experiment, results))
        return WrittenReport(paths, results, put(uri, workspace.path.resolve(), info, summary, folder, paths, *shown))


@contextmanager
def no_collection() -> Iterator[None]:
    """Without looking for garbage: what a report makes lives until its end, and looking takes an eighth of its time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _compared(trials: "pd.DataFrame") -> list[str]:
    """The runs that MLflow's comparison opens with: of all finished trials, of the first of each cell, or of some."""
    finished = trials[trials["status"] == "finished"]
    shown = finished if len(finished) <= MAX_COMPARED else finished.drop_duplicates("cell")
    return list(shown["run_id"].dropna())[:MAX_COMPARED]


def _cells(experiment: Experiment, results: "Results") -> "CellAggregates":
    """The report's metric by cell, for the parent run."""
    from probeline.tracking.publishing.cell_view import CellAggregates, CellNumbers

    main = experiment.report.metric or results.main_metric
    cells = (cell for cell in results.cells(main, results.layout()) if cell.values)
    return CellAggregates(main, {cell.label: CellNumbers.of(list(cell.values.values())) for cell in cells})


def _files(uri: str, source: ResultsSource, results: "Results") -> TrialFiles:
    """The pictures of the cells that the page shows, from MLflow."""
    from probeline.tracking.reading.artifacts import ArtifactSource, small_files

    shown = chosen(source.experiment, results).shown
    files, trouble = small_files(
        uri, [ArtifactSource(one.trial_id, one.run_id, one.protocols) for one in shown if one.run_id]
    )
    return TrialFiles(files, trouble or "")
