"""Checks that need more than one part of an experiment: its report, and its batches against its data."""

from collections.abc import Iterable, Mapping
from typing import Any

from probeline.experiment.components import resolve
from probeline.experiment.epoch_size import TrainSize, epoch_size
from probeline.experiment.grid import Expansion, expand
from probeline.experiment.identity import data_key
from probeline.experiment.match import matches
from probeline.experiment.problems import Path, Problem, SpecError, is_full, nearest, shown, unknown
from probeline.experiment.schema import Experiment, Report
from probeline.experiment.trial import Cell
from probeline.plugins import catalog
from probeline.plugins.locations import current
from probeline.plugins.metrics import primary_metric

OTHER_METRICS = ("cost", "train", "online_probe")
DEFAULT_FIGURES = ("metric_against_axis", "paired_differences", "training_curves", "cost")


def check_sizes(experiment: Experiment, cells: Iterable[Cell], train_sizes: Mapping[str, int]) -> None:
    """Refuses batches larger than the training set, or too small for the workers of a trial to share.

    `train_sizes`: `identity.data_key(recipe)` -> samples. Raises SpecError, a mistake at the line that wrote it.
    """
    workers = experiment.resources.workers
    sizes: dict[int, int] = {}
    wrong: dict[str, tuple[str, str]] = {}
    for cell in cells:
        data = cell.recipe.data  # shared between cells
        size = sizes[id(data)] = sizes.get(id(data)) or train_sizes[data_key(cell.recipe)]
        mistake = _wrong_size(cell, size, workers)
        if mistake and not is_full(wrong):
            wrong[cell.label] = mistake
    if not wrong:
        return
    expansion = expand(experiment)
    written = zip(expansion.cells, expansion.written, strict=True)
    mistakes = [(overrides, wrong[cell.label]) for cell, overrides in written if cell.label in wrong]
    raise SpecError([expansion.recipes.problem(overrides, *mistake) for overrides, mistake in mistakes])


def _wrong_size(cell: Cell, size: int, workers: int) -> tuple[str, str] | None:
    """The key and what is wrong with it, for a training set of `size` samples, or None."""
    training, method = cell.recipe.training, cell.recipe.method
    batch, micro_batch = training.batch_size, training.micro_batch
    if not training.epochs or not catalog.trains(method.name):
        return None
    epoch = epoch_size(method, cell.recipe.encoder, TrainSize(size))
    if epoch is not None and batch > (most := epoch.count):
        what = f"the training set of {cell.recipe.data.name} has {most} samples"
        what = what if most == size else f"an epoch of {method.name} has {most} pairs"
        return "training.batch_size", f"got {batch}; {what}; allowed: at most {most}"
    if batch < workers:
        return "training.batch_size", f"got {batch}; allowed: at least one for each of {workers} resources.workers"
    if micro_batch and micro_batch < batch and -(-batch // micro_batch) < workers:
        message = f"got {micro_batch}, which leaves some of {workers} workers (resources.workers) without a micro-batch"
        allowed = f"allowed: at most {(batch - 1) // (workers - 1)}"
        return "training.micro_batch", f"{message} of a batch of {batch}; {allowed}"
    return None


def resolve_report(experiment: Experiment, expansion: Expansion, whole: Expansion, problems: list[Problem]) -> Report:
    """The report with its defaults chosen and its figures resolved; mistakes go to `problems`.

    Names are looked for in the `whole` file: a scale may leave a baseline out, and the page then says so.
    """
    report = experiment.report
    if whole.problems:
        whole = Expansion()  # what is named may be in a cell that has mistakes
    metric = _metric(experiment, expansion, whole, problems)
    if whole.cells:
        _check_baseline(experiment, report.baseline, whole, ("report", "baseline"), problems)
        _check_panels(experiment, whole, problems)
    figures = report.figures
    if figures is None:
        figures = _default_figures(experiment)
    resolved = [_figure(experiment, index, figure, whole, problems) for index, figure in enumerate(figures)]
    return report.model_copy(update={"metric": metric, "figures": [figure for figure in resolved if figure]})


def _protocols(expansion: Expansion) -> list[str]:
    distinct = {id(cell.recipe.evaluation): cell.recipe for cell in expansion.cells}  # shared between cells
    return list(dict.fromkeys(name for recipe in distinct.values() for name in recipe.protocols))


def _metric(experiment: Experiment, expansion: Expansion, whole: Expansion, problems: list[Problem]) -> str | None:
    protocols, metric = _protocols(expansion), experiment.report.metric
    if metric is None:
        primary = primary_metric(protocols)
        return None if primary is None or "<" in primary else primary  # a pattern is settled by what is recorded
    _check_metric(experiment, metric, _protocols(whole), ("report", "metric"), problems)
    return metric


def _check_metric(experiment: Experiment, metric: str, protocols: list[str], at: Path, problems: list[Problem]) -> None:
    protocol, groups = metric.partition("/")[0], [*protocols, *OTHER_METRICS]
    if protocols and protocol not in groups:
        near = nearest(protocol, groups)
        hint = f"did you mean {near!r}?" if near else f"evaluated: {', '.join(protocols)}"
        message = f"got {shown(metric)}; {shown(protocol)} is not evaluated; {hint}"
        problems.append(experiment.source.problem(at, message))


def _check_baseline(
    experiment: Experiment, baseline: Any, expansion: Expansion, at: Path, problems: list[Problem]
) -> None:
    """An arm or a cell by its label, a value of an axis, or what its cells match."""
    cells = expansion.cells
    if isinstance(baseline, str):
        labels = [cell.label for cell in cells]
        values = [value for cell in cells for value in cell.coordinates.values() if isinstance(value, str)]
        names = dict.fromkeys([*experiment.arms, *values, *labels])
        if baseline not in names:
            near = nearest(baseline, names)
            hint = f"did you mean {near!r}?" if near else f"there: {', '.join(list(names)[:10])}"
            message = f"got {shown(baseline)}; no arm, cell or value of an axis has this name; {hint}"
            problems.append(experiment.source.problem(at, message))
    elif isinstance(baseline, dict) and not any(_is_meant(cell, baseline) for cell in cells):
        problems.append(experiment.source.problem(at, f"got {shown(baseline)}; matches no cell"))


def _is_meant(cell: Cell, condition: dict[str, Any]) -> bool:
    """Whether a cell is among those that a condition means; an empty one means none."""
    return bool(condition) and matches(cell.recipe.as_dict(), cell.coordinates, condition)


def _check_panels(experiment: Experiment, expansion: Expansion, problems: list[Problem]) -> None:
    """Whose pictures are asked for: cells by their labels."""
    labels = dict.fromkeys(cell.label for cell in expansion.cells)
    for index, label in enumerate(experiment.report.panels.cells or ()):
        if label not in labels and not is_full(problems):
            at: Path = ("report", "panels", "cells", index)
            message = f"got {shown(label)}; no cell has this label; {_hint(label, list(labels))}"
            problems.append(experiment.source.problem(at, message))


def _figure(
    experiment: Experiment, index: int, written: str | dict[str, Any], expansion: Expansion, problems: list[Problem]
) -> dict[str, Any] | None:
    """A figure with its defaults; its `x` and `line` are axes, its `metric` and `baseline` as in the report."""
    at: Path = ("report", "figures", index)
    resolved = resolve("figures", {"name": written} if isinstance(written, str) else _current_metrics(written))
    for path, message in resolved.complaints:
        shorter = () if isinstance(written, str) and path == ("name",) else path
        problems.append(experiment.source.problem((*at, *shorter), message))
    figure = resolved.value or {}
    for key in ("x", "line"):
        if isinstance(figure.get(key), str) and figure[key] not in experiment.axes:
            message = f"got {shown(figure[key])}; not an axis; {_hint(figure[key], experiment.axes)}"
            problems.append(experiment.source.problem((*at, key), message))
    if isinstance(figure.get("metric"), str):
        _check_metric(experiment, figure["metric"], _protocols(expansion), (*at, "metric"), problems)
    if expansion.cells:
        _check_baseline(experiment, figure.get("baseline"), expansion, (*at, "baseline"), problems)
    return resolved.value


def _current_metrics(value: Any) -> Any:
    """Parameters of a figure with today's names of protocols in every metric that they name."""
    if isinstance(value, dict):
        return {key: _current_metrics(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_current_metrics(item) for item in value]
    return current("protocols", value) if isinstance(value, str) and "/" in value else value


def _hint(name: str, names: list[str]) -> str:
    """`did you mean ...?`, or what is allowed."""
    return unknown(name, names).partition("; ")[2]


def _default_figures(experiment: Experiment) -> list[str | dict[str, Any]]:
    """The usual figures that this installation has and that need no parameter."""
    installed = catalog.names("figures")
    wanted = [name for name in DEFAULT_FIGURES if name in installed]
    if experiment.report.baseline is None:
        wanted = [name for name in wanted if name != "paired_differences"]
    return [name for name in wanted if not resolve("figures", {"name": name}).complaints]
