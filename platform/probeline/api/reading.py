"""Results as a frame and as the report's figures."""

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from probeline.api.specs import Spec, experiment_of
from probeline.api.workspace import Workspace
from probeline.errors import UserError
from probeline.experiment.schema import Experiment

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from probeline.execution.planning.plan import Plan
    from probeline.report.results.results import Results


@dataclass(frozen=True)
class ResultsSource:
    """An experiment, what reads its results, and the address of MLflow; None where they are from an export."""

    experiment: Experiment
    read: Callable[[], "Results"]
    uri: str | None


def source_of(
    spec: Spec, workspace: Workspace | None = None, export: str | PathLike[str] | None = None
) -> ResultsSource:
    """The results of an experiment in MLflow, or in an exported folder, which needs no data, torch or MLflow.

    Raises UserError as `plan` does.
    """
    if export is not None:
        from pathlib import Path

        from probeline.report.results import stored

        return ResultsSource(experiment_of(spec), lambda: stored.read(Path(export)), None)
    from probeline.api.planning import plan

    workspace = workspace or Workspace()
    return source_of_plan(plan(spec, workspace), workspace.uri)


def source_of_plan(planned: "Plan", uri: str) -> ResultsSource:
    """The results of a plan that is there already, in the MLflow at `uri`."""
    from probeline.report.results.results import Results
    from probeline.tracking.reading.results import frame
    from probeline.tracking.reading.studies import outcomes

    def read() -> Results:
        return Results(*frame(uri, planned.trials, tuned=outcomes(uri, planned.tuned)))

    return ResultsSource(planned.experiment, read, uri)


def results(spec: Spec, workspace: Workspace | None = None) -> "pd.DataFrame":
    """The results of an experiment: a row a trial of the plan, a column an axis and a metric.

    Cells and states are categories in the plan's order, axes and metrics have the type of their values. `frame.attrs`
    has `experiment`, `scale`, `axes`, `main_metric`, and under `metrics` the title, unit, scale and direction of each:
    a value times `scale` is in `unit`, as fractions run from 0 to 1.

    Args:
        spec: a file, a loaded experiment, or the name of one that MLflow holds.

    Raises:
        UserError: as `plan`, or results that cannot be read.
    """
    from probeline.report.results.tidy import tidy

    source = source_of(spec, workspace)
    return tidy(source.experiment, source.read())


def figure(spec: Spec, name: str | dict[str, Any], workspace: Workspace | None = None) -> "go.Figure":
    """One of the report's figures (`probeline list figures`), draw_figure from the results so far.

    Args:
        name: of a figure, with the settings that the experiment gives it; or `{"name": ..., settings}`.

    Raises:
        UserError: there is no such figure, a setting that it has not, or nothing to draw yet.
    """
    from probeline.core.figure import NothingToDraw
    from probeline.report.formats.charts import draw_figure
    from probeline.report.formats.contents import figure_defaults, figures, shape_of
    from probeline.report.formats.images import on_paper

    source = source_of(spec, workspace)
    experiment, outcome = source.experiment, source.read()
    named = [each for each in figures(experiment) if each["name"] == name]
    component = named[0] if named else _component({"name": name} if isinstance(name, str) else name)
    main = experiment.report.metric or outcome.main_metric
    try:
        return on_paper(
            draw_figure(component, outcome, figure_defaults(experiment, shape_of(experiment, outcome), main))
        )
    except NothingToDraw as error:
        raise UserError(f"figure {component['name']}: {error}") from None


def _component(written: dict[str, Any]) -> dict[str, Any]:
    """A figure's component with its defaults. Raises UserError with all that is wrong with it."""
    from probeline.experiment.components import resolve
    from probeline.experiment.problems import dotted

    resolved = resolve("figures", written)
    if resolved.value is None:
        wrong = (f"figure {dotted((str(written.get('name')), *at))}: {text}" for at, text in resolved.complaints)
        raise UserError("\n".join(wrong))
    return resolved.value
