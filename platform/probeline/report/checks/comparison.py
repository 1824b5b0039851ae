"""Two experiments, or two exports of one, compared cell by cell."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from probeline.errors import UserError
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import metric
from probeline.report.results.results import Results
from probeline.report.sentences import phrases
from probeline.statistics.differences import Difference, paired_difference
from probeline.statistics.multiplicity import holm, is_claimed


@dataclass(frozen=True)
class ComparedCell:
    """One cell that both sides have: B minus A over the seeds that both finished."""

    cell: str
    a: CellResult
    b: CellResult
    gap: Difference
    adjusted: float  # p after Holm's correction over all rows

    @property
    def verdict(self) -> str:
        """`higher`, `lower`, `the same` or `cannot tell`."""
        if self.gap.verdict == "equal":
            return "the same"
        return self.gap.verdict if is_claimed(self.gap, self.adjusted) else "cannot tell"


@dataclass(frozen=True)
class Comparison:
    """What two experiments have in common, and what only one of them has."""

    metric: str
    rows: tuple[ComparedCell, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


def compare(a: Results, b: Results, name: str) -> Comparison:
    """Cells are matched by their labels. Raises UserError where no label is in both."""
    ours, theirs = ({cell.label: cell for cell in one.cells(name, one.layout())} for one in (a, b))
    common = [label for label in ours if label in theirs]
    if not common:
        raise UserError(
            f"compare: no cell has the same label on both sides; A has {_some(list(ours))}, B has {_some(list(theirs))}"
        )
    gaps = [paired_difference(theirs[label].scores, ours[label].scores) for label in common]
    rows = tuple(
        ComparedCell(label, ours[label], theirs[label], gap, p)
        for label, gap, p in zip(common, gaps, holm([gap.p for gap in gaps]), strict=True)
    )
    return Comparison(name, rows, tuple(k for k in ours if k not in theirs), tuple(k for k in theirs if k not in ours))


def text(comparison: Comparison, a: str, b: str) -> str:
    """For a terminal: a headline, a line a cell, and what only one side has."""
    described = metric(comparison.metric)
    lines = [f"{described.heading}, B minus A by paired seeds; A = {a}, B = {b}", ""]
    width = max(len(row.cell) for row in comparison.rows)
    for row in comparison.rows:
        gap = row.gap.estimate
        change = "no seed on both sides"
        if not math.isnan(gap.mean):
            interval = phrases.span(gap.interval, described)
            change = f"{described.difference(gap.mean):>14}  {interval:>16}  n={gap.n}  {row.verdict}"
        levels = f"{described.text(row.a.estimate.mean):>8} -> {described.text(row.b.estimate.mean):>8}"
        lines.append(f"{row.cell:{width}}  {levels}  {change}")
    moved = [row for row in comparison.rows if row.verdict in ("higher", "lower")]
    good, bad = ("better", "worse") if described.ranked else ("higher", "lower")
    better = sum(row.verdict == (described.direction if described.ranked else "higher") for row in moved)
    rest = f"{len(comparison.rows) - len(moved)} the same or cannot tell"
    corrected = f"(95%, Holm's correction for {len(comparison.rows)} cells)"
    lines += ["", f"{better} {good}, {len(moved) - better} {bad}, {rest} {corrected}"]
    for side, labels in (("A", comparison.only_a), ("B", comparison.only_b)):
        lines += [f"only in {side}: {_some(list(labels))}"] if labels else []
    return "\n".join(lines)


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON-able values, as stored: fractions, not percent; NaN where seeds are missing."""
    cells = []
    for row in comparison.rows:
        gap = row.gap.estimate
        low, high = (gap.interval.low, gap.interval.high) if gap.interval else (math.nan, math.nan)
        cell = {"cell": row.cell, "a": row.a.estimate.mean, "b": row.b.estimate.mean, "difference": gap.mean}
        cells.append(cell | {"low": low, "high": high, "n": gap.n, "p": row.adjusted, "verdict": row.verdict})
    return {"metric": comparison.metric, "cells": cells, "only_a": comparison.only_a, "only_b": comparison.only_b}


def _some(labels: Sequence[str], most: int = 4) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more if labels else "none"
