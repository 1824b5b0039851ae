"""Checks that need more than one part of an experiment: its report, and its batches against its data."""

from collections.abc import Iterable, Mapping
from typing import Any

from probeline import catalog
from probeline.spec.components import resolve
from probeline.spec.grid import Expansion, expand
from probeline.spec.identity import data_key
from probeline.spec.match import matches
from probeline.spec.problems import Path, Problem, SpecError, nearest, shown
from probeline.spec.schema import Experiment, Report
from probeline.spec.trial import Cell

DEFAULT_METRIC = "linear_probe/top1"
DEFAULT_FIGURES = ("metric_against_axis", "paired_differences", "training_curves", "cost")


def check_sizes(experiment: Experiment, cells: Iterable[Cell], train_sizes: Mapping[str, int]) -> None:
    """Refuses batches larger than the training set. `train_sizes`: `identity.data_key(recipe)` -> samples.

    Raises SpecError, each mistake told at the line that wrote the batch size.
    """
    large = {cell.label: (cell, train_sizes[data_key(cell.recipe)]) for cell in cells if _too_large(cell, train_sizes)}
    if not large:
        return
    expansion = expand(experiment)
    found = []
    for cell, overrides in zip(expansion.cells, expansion.written, strict=True):
        if cell.label in large:
            batch, size = cell.recipe["training"]["batch_size"], large[cell.label][1]
            name = cell.recipe["data"]["name"]
            message = f"got {batch}; the training set of {name} has {size} samples; allowed: at most {size}"
            found.append(expansion.recipes.problem(overrides, "training.batch_size", message))
    raise SpecError(found)


def _too_large(cell: Cell, train_sizes: Mapping[str, int]) -> bool:
    training = cell.recipe["training"]
    return training["epochs"] > 0 and training["batch_size"] > train_sizes[data_key(cell.recipe)]


def resolve_report(experiment: Experiment, expansion: Expansion, problems: list[Problem]) -> Report:
    """The report with its defaults chosen and its figures resolved; mistakes go to `problems`."""
    report = experiment.report
    metric = _metric(experiment, expansion, problems)
    _check_baseline(experiment, expansion, problems)
    figures = report.figures
    if figures is None:
        figures = _default_figures(experiment)
    resolved = [_figure(experiment, index, figure, problems) for index, figure in enumerate(figures)]
    return report.model_copy(update={"metric": metric, "figures": [figure for figure in resolved if figure]})


def _metric(experiment: Experiment, expansion: Expansion, problems: list[Problem]) -> str:
    protocols = list(dict.fromkeys(name for cell in expansion.cells for name in cell.recipe["evaluation"]))
    metric = experiment.report.metric
    if metric is None:
        return DEFAULT_METRIC if "linear_probe" in protocols or not protocols else f"{protocols[0]}/top1"
    protocol = metric.partition("/")[0]
    known = [*protocols, "cost", "train"]
    if protocols and protocol not in known:
        near = nearest(protocol, known)
        hint = f"did you mean {near!r}?" if near else f"evaluated: {', '.join(protocols)}"
        message = f"got {shown(metric)}; {protocol} is not evaluated; {hint}"
        problems.append(experiment.source.problem(("report", "metric"), message))
    return metric


def _check_baseline(experiment: Experiment, expansion: Expansion, problems: list[Problem]) -> None:
    baseline, cells = experiment.report.baseline, expansion.cells
    at: Path = ("report", "baseline")
    if baseline is None or not cells:
        return
    if isinstance(baseline, str):
        labels = [cell.label for cell in cells]
        if baseline not in [*labels, *experiment.arms]:
            near = nearest(baseline, labels)
            hint = f"did you mean {near!r}?" if near else f"cells: {', '.join(labels[:10])}"
            problems.append(
                experiment.source.problem(at, f"got {shown(baseline)}; no arm or cell has this name; {hint}")
            )
    elif not baseline or not any(matches(cell.recipe, cell.coordinates, baseline) for cell in cells):
        problems.append(experiment.source.problem(at, f"got {shown(baseline)}; matches no cell"))


def _figure(
    experiment: Experiment, index: int, written: str | dict[str, Any], problems: list[Problem]
) -> dict[str, Any] | None:
    at: Path = ("report", "figures", index)
    resolved = resolve("figures", {"name": written} if isinstance(written, str) else written)
    for path, message in resolved.complaints:
        shorter = () if isinstance(written, str) and path == ("name",) else path
        problems.append(experiment.source.problem((*at, *shorter), message))
    return resolved.value


def _default_figures(experiment: Experiment) -> list[str | dict[str, Any]]:
    """The usual figures that this installation has and that need no parameter."""
    known = catalog.names("figures")
    wanted = [name for name in DEFAULT_FIGURES if name in known]
    if experiment.report.baseline is None:
        wanted = [name for name in wanted if name != "paired_differences"]
    return [name for name in wanted if not resolve("figures", {"name": name}).complaints]
