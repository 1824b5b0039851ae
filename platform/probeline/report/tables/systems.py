"""Rows of a collection: each system's number beside its floor's, and whether the difference counts among all rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple

from probeline.experiment.collection import System
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import Metric, metric
from probeline.report.results.results import Results
from probeline.report.sentences import phrases
from probeline.report.sentences.text import clean
from probeline.report.tables.tables import Entry, level
from probeline.statistics.differences import Difference, paired_difference
from probeline.statistics.intervals import Estimate
from probeline.statistics.multiplicity import holm

ABOVE, BELOW, SAME, UNCLEAR = "beats its floor", "below its floor", "as its floor", "cannot tell"
VERDICTS = (ABOVE, BELOW, SAME, UNCLEAR)


@dataclass(frozen=True)
class AgainstFloor:
    """One row's two sides; `theirs` is the floor. The metrics differ where the floor is another number of one cell."""

    ours: CellResult
    theirs: CellResult
    metric: Metric
    floor_metric: Metric
    gap: Difference


@dataclass(frozen=True)
class SystemRow:
    """A row as it is shown. `reason` says why there is no number; `verdict` is one of VERDICTS, or "" without one.

    `levels`: the two estimates, in the metric's own units, for the small drawing.
    """

    system: System
    data: str
    metric: str
    number: Entry
    n: str
    floor: str
    floor_number: Entry
    difference: Entry
    verdict: str
    reason: str
    levels: tuple[Estimate, Estimate] | None = None


def comparison(row: System, results: Results, main: str) -> AgainstFloor:
    """The two sides of a row; `main`: the metric where the row names none."""
    name = row.metric or main
    floor_name = row.floor_metric or name
    layout = results.layout()
    ours = {cell.label: cell for cell in results.cells(name, layout)}[row.cell]
    theirs = {cell.label: cell for cell in results.cells(floor_name, layout)}[row.floor or row.cell]
    return AgainstFloor(ours, theirs, metric(name), metric(floor_name), paired_difference(ours.scores, theirs.scores))


def rows(systems: Sequence[tuple[System, AgainstFloor | None, str, str]]) -> list[SystemRow]:
    """The rows in order, verdicts after Holm's correction over all of them.

    `systems`: the row, its two sides or None, its data in words, and why there are no sides.
    """
    sides = [each for _, each, _, _ in systems]
    adjusted = iter(holm([each.gap.p for each in sides if each is not None]))
    return [
        _without(row, data, reason) if each is None else _row(row, each, data, next(adjusted))
        for row, each, data, reason in systems
    ]


def _without(row: System, data: str, reason: str) -> SystemRow:
    nothing = Entry("—", None)
    return SystemRow(row, data, "", nothing, "", row.floor or "", nothing, nothing, "", reason)


def _row(row: System, each: AgainstFloor, data: str, p: float) -> SystemRow:
    ours, gap = each.ours, each.gap
    planned = len(ours.values) + len(ours.missing)
    n = f"{ours.estimate.n}" if ours.estimate.n == planned else f"{ours.estimate.n} of {planned}"
    floor = row.floor or each.floor_metric.title
    return SystemRow(
        system=row,
        data=data,
        metric=each.metric.title,
        number=level(ours, each.metric, ours.estimate.n),
        n=n,
        floor=clean(floor),
        floor_number=level(each.theirs, each.floor_metric, each.theirs.estimate.n),
        difference=_difference(each),
        verdict=_verdict(gap, p, each.metric) if ours.values else "",
        reason="" if ours.values else "; ".join(dict.fromkeys(_why(missing) for missing in ours.missing)),
        levels=(ours.estimate, each.theirs.estimate) if ours.values and each.theirs.values else None,
    )


def _why(missing: str) -> str:
    """Without its seed."""
    return clean(missing.partition(": ")[2] or missing)


def _difference(each: AgainstFloor) -> Entry:
    estimate = each.gap.estimate
    if not estimate.n:
        return Entry("—", None, "no paired seed")
    small = phrases.span(estimate.interval, each.metric) if estimate.interval else "1 paired seed, no interval"
    return Entry(each.metric.difference(estimate.mean), estimate.mean, small)


def _verdict(gap: Difference, p: float, of: Metric) -> str:
    if gap.verdict == "equal":
        return SAME
    if gap.verdict == "unclear" or phrases.is_withdrawn(gap, p) or not of.ranked:
        return UNCLEAR
    return ABOVE if gap.verdict == of.direction else BELOW


def lead(rows: Sequence[SystemRow]) -> str:
    """The page's first sentence: how many systems beat their floors, and what of the others."""
    count = {verdict: sum(row.verdict == verdict for row in rows) for verdict in VERDICTS}
    measured = sum(count.values())
    parts = [f"{count[ABOVE]} of {measured} systems beat their floors"]
    parts += [f"{count[BELOW]} lie below them"] * bool(count[BELOW])
    parts += [f"{count[SAME]} equal them"] * bool(count[SAME])
    parts += [f"{count[UNCLEAR]} cannot be told from them"] * bool(count[UNCLEAR])
    empty = len(rows) - measured
    parts += [f"{empty} of {len(rows)} have no number here, each for the reason in its row"] * bool(empty)
    return f"{'; '.join(parts)}." if measured else "No system has a number yet; each row says why."


def data_words(data: dict[str, Any], train: int | None, test: int | None) -> str:
    """A data set in words: `cifar10_train_jpg: 4,500 to learn from, 5,000 to test`; sizes None: not read."""
    name = str(data.get("name", ""))
    path = data.get("path")
    if name.endswith("_folder") and isinstance(path, str):
        name = PurePath(path).name.split(".")[0]
    sizes = f": {train:,} to learn from, {test:,} to test" if train is not None and test is not None else ""
    return clean(f"{name}{sizes}")


class AxisShare(NamedTuple):
    """Ends and mean of an interval as shares of an axis, from 0 to 1."""

    low: float
    mean: float
    high: float


def spans(row: SystemRow) -> tuple[AxisShare, AxisShare] | None:
    """The system's and its floor's interval on one axis with a margin; None where one of them has no number."""
    if row.levels is None:
        return None
    ours, theirs = (_bounds(estimate) for estimate in row.levels)
    low, high = min(ours.low, theirs.low), max(ours.high, theirs.high)
    width = (high - low) or 1.0

    def share(value: float) -> float:
        return round(0.04 + 0.92 * (value - low) / width, 4)

    return AxisShare(*map(share, ours)), AxisShare(*map(share, theirs))


def _bounds(estimate: Estimate) -> AxisShare:
    interval = estimate.interval
    return (
        AxisShare(*((estimate.mean,) * 3))
        if interval is None
        else AxisShare(interval.low, estimate.mean, interval.high)
    )
