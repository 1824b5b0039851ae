"""A ranking of the lines with ties, and their mean, median and interquartile mean over all cells and seeds."""

import math
from collections.abc import Sequence

from probeline.report.results.cells import CellResult
from probeline.report.results.layout import ReportLayout
from probeline.report.results.metrics import Metric, metric
from probeline.report.results.results import Results
from probeline.report.sentences.text import isolated
from probeline.report.tables.tables import Entry, Table
from probeline.statistics.aggregates import MIN_RUNS, MIN_STRATUM, Aggregate, aggregate
from probeline.statistics.differences import average, improvement
from probeline.statistics.intervals import Interval
from probeline.statistics.multiplicity import ranks

COLUMNS = ("Place", "Line", "Runs", "Cells", "Mean", "Median", "Interquartile mean", "P(better than next)")
CAPTION = (
    "Over the cells that every line has, each cell weighing its runs; 95% intervals by a bootstrap inside cells, from "
    f"{MIN_RUNS} runs on, {MIN_STRATUM} or more in each cell. Lines share places where paired seeds cannot tell them "
    "apart after Holm's correction over all pairs."
)


def table(results: Results, main: str, shape: ReportLayout) -> Table:
    """A row a line, best mean first; no rows where fewer than two lines have results, or no direction ranks them."""
    described, lines = metric(main), _comparable(results.cells(main, shape), shape)
    if len(lines) < 2 or not described.ranked:
        return Table("standings", CAPTION, COLUMNS, ())
    pooled = {line: aggregate({cell.label: list(cell.values.values()) for cell in of}) for line, of in lines.items()}
    ranking = ranks(
        {line: average([cell.scores for cell in of]) for line, of in lines.items()}, described.higher_is_better
    )
    order = sorted(pooled, key=lambda line: pooled[line].mean, reverse=described.higher_is_better)
    rows = []
    for line, following in zip(order, [*order[1:], None], strict=True):
        chance = math.nan if following is None else _chance(lines[line], lines[following], described)
        rows.append(_row(line, ranking[line], pooled[line], chance, lines[line], described))
    return Table("standings", CAPTION, COLUMNS, tuple(rows), frozenset({2, 3, 4, 5, 6, 7}))


def _comparable(results: Sequence[CellResult], shape: ReportLayout) -> dict[str, list[CellResult]]:
    """line -> its cells with results, at the x values that all lines of the grid have; arms have no x."""
    lines = {label: [cell for cell in results if cell.line == label and cell.values] for label in shape.labels}
    lines = {label: group for label, group in lines.items() if group}
    grids = [{cell.x for cell in group} for group in lines.values() if not group[0].arm]
    common = set.intersection(*grids) if grids else set()
    common_cells = {label: [cell for cell in group if cell.arm or cell.x in common] for label, group in lines.items()}
    return {label: group for label, group in common_cells.items() if group}


def _chance(ours: list[CellResult], theirs: list[CellResult], metric: Metric) -> float:
    """P(a run of ours is the better one), over all pairs of runs at the same x."""
    pairs = [(a, b) for a in ours for b in theirs if a.x == b.x or a.arm or b.arm]
    chances = [improvement(list(a.values.values()), list(b.values.values())) for a, b in pairs]
    mean = math.fsum(chances) / len(chances) if chances else math.nan
    return mean if metric.higher_is_better else 1 - mean


def _row(
    line: str, rank: tuple[int, int], of: Aggregate, chance: float, group: list[CellResult], metric: Metric
) -> tuple:
    first, last = rank
    ids = tuple(f"{cell.label}, seed {s}: trial {t}" for cell in group for s, t in sorted(cell.trials.items()))
    return (
        Entry(f"{first}" if first == last else f"{first} to {last}", first),
        Entry(isolated(line), line),
        Entry(str(of.n), of.n, behind=ids),
        Entry(str(len(group)), len(group)),
        _number(of.mean, of.mean_interval, metric),
        _number(of.median, of.median_interval, metric),
        _number(of.iqm, of.iqm_interval, metric),
        Entry("—" if math.isnan(chance) else f"{chance:.2f}", None if math.isnan(chance) else chance),
    )


def _number(value: float, interval: Interval | None, metric: Metric) -> Entry:
    small = (
        ""
        if interval is None
        else f"{metric.number(metric.clip(interval.low))} to {metric.number(metric.clip(interval.high))}"
    )
    return Entry(metric.text(value), value, small)
