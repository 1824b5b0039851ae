"""Which of our cells a published value stands beside: by equal values of an axis, else by the order of its values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from probeline.experiment.references import References
from probeline.report.results.axis_values import is_number, short, shown
from probeline.report.results.cells import CellResult
from probeline.report.results.references import Published, chosen

# What papers call a metric -> our protocol ("": any that judges h) and the metric's ending.
_METRICS = {
    "top1": ("", "top1"),
    "accuracy": ("", "top1"),
    "top5": ("", "top5"),
    "contrastive accuracy": ("contrastive", "accuracy"),
    "entropy of contrastive distribution": ("contrastive", "entropy"),
    "PNMI": ("unit_quality", "pnmi"),
    "PER": ("phone_probe", "error"),
    "average WER": ("phone_probe", "error"),
}
_NOT_ON_H = ("projection_probe", "contrastive", "collapse", "online_probe")


@dataclass(frozen=True)
class Match:
    """A published value, where it stands among our axes, and the labels of our cells there."""

    published: Published
    at: dict[str, Any]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Correspondence:
    """What stands beside what; `notes` say which axes were matched by order alone."""

    matches: tuple[Match, ...]
    notes: tuple[str, ...]
    datasets: tuple[str, ...]
    title: str  # the ids that were asked for


def correspondence(references: References | None, metric: str, results: Sequence[CellResult]) -> Correspondence | None:
    """Published values of this metric beside our cells; None where none is asked for. Raises UserError.

    A published value that no cell stands for keeps its place on the axes it shares with us, or is left out.
    """
    if not references:
        return None
    points = [point for point in chosen(references) if _of_metric(point, metric)]
    axes = _shared_axes(references, points, results)
    maps, notes = {}, []
    for key, axis in axes.items():
        maps[key], note = _positions(key, axis, references, points, results)
        notes += [note] if note else []
    matches = []
    for point in points:
        at = {axis: maps[key].get(shown(point.setup.get(key))) for key, axis in axes.items()}
        beside = [cell.label for cell in results if axes and _stands(cell, at)]
        if beside or (axes and None not in at.values()):
            matches.append(
                Match(point, {axis: value for axis, value in at.items() if value is not None}, tuple(beside))
            )
    datasets = tuple(dict.fromkeys(match.published.dataset for match in matches))
    return Correspondence(tuple(matches), tuple(notes), datasets, ", ".join(references.ids))


def pairs(beside: Correspondence, results: Sequence[CellResult]) -> list[tuple[float, float]]:
    """(ours, the paper's) for each published value with finished cells of ours: the mean over those cells."""
    means = {cell.label: cell.estimate.mean for cell in results if cell.values}
    groups = [([means[label] for label in match.cells if label in means], match) for match in beside.matches]
    return [(sum(ours) / len(ours), match.published.fraction) for ours, match in groups if ours]


def _of_metric(point: Published, metric: str) -> bool:
    protocol, ending = _METRICS.get(point.metric, ("", point.metric))
    group, _, rest = metric.partition("/")
    return rest == ending and (group == protocol if protocol else group not in _NOT_ON_H)


def _shared_axes(references: References, points: list[Published], results: Sequence[CellResult]) -> dict[str, str]:
    """The paper's name of an axis -> ours. What the paper fixed at a value that we have not is no axis of its own."""
    ours: dict[str, set[str]] = {}
    for cell in results:
        for axis, value in cell.coordinates.items():
            ours.setdefault(axis, set()).add(shown(value))
    named = {}
    for key in dict.fromkeys(key for point in points for key in point.setup):
        axis = references.axes.get(key) or _ending_with(key, list(ours)) or key
        theirs = {shown(point.setup[key]) for point in points if key in point.setup}
        if axis in ours and (len(theirs) > 1 or key in references.values or theirs & ours[axis]):
            named[key] = axis
    return named


def _ending_with(key: str, axes: list[str]) -> str | None:
    return next((axis for axis in axes if axis.rpartition(".")[2] == key), None)


def _positions(
    key: str, axis: str, references: References, points: list[Published], results: Sequence[CellResult]
) -> tuple[dict[str, Any], str]:
    """The paper's value, as text -> ours; and a note where order alone decides."""
    theirs = {shown(point.setup[key]): point.setup[key] for point in points if key in point.setup}
    ours = {shown(cell.coordinates[axis]): cell.coordinates[axis] for cell in results if axis in cell.coordinates}
    stated = {str(paper): here for paper, here in references.values.get(key, {}).items()}
    if stated:
        return {text: stated[text] for text in theirs if text in stated}, ""
    same = {text: ours[text] for text in theirs if text in ours}
    numeric = all(map(is_number, [*theirs.values(), *ours.values()]))
    if not numeric or len(same) > max(1, len(ours) / 2 - 1e-9) or min(len(ours), len(theirs)) < 2:
        return same, ""
    return _by_order(sorted(theirs.values()), sorted(ours.values()), short(axis))


def _by_order(theirs: list, ours: list, name: str) -> tuple[dict[str, Any], str]:
    """Ends to ends, what lies between evenly."""
    fewer, more = sorted((theirs, ours), key=len)
    step = (len(more) - 1) / (len(fewer) - 1)
    picked = [more[round(i * step)] for i in range(len(fewer))]
    paper, here = (fewer, picked) if fewer is theirs else (picked, fewer)
    listed = ", ".join(map(shown, here)), ", ".join(map(shown, paper))
    note = f"by order: {name} {listed[0]} here beside {listed[1]} in the paper"
    return {shown(p): h for p, h in zip(paper, here, strict=True)}, note


def _stands(cell: CellResult, at: dict[str, Any]) -> bool:
    """Whether a cell has these values, on the axes that it has: no projector has no width either."""
    shared = [axis for axis in at if axis in cell.coordinates]
    return bool(shared) and all(
        at[axis] is not None and shown(cell.coordinates[axis]) == shown(at[axis]) for axis in shared
    )
