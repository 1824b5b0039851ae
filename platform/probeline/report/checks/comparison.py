"""Two experiments, or two exports of one, cell by cell: what moved, by how much, and what cannot be told."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from probeline.errors import UserError
from probeline.report.differences import Difference, paired_difference
from probeline.report.results.cells import CellResult, cells, layout
from probeline.report.results.metrics import metric
from probeline.report.sentences import phrases
from probeline.report.statistics.multiplicity import holm, is_claimed


@dataclass(frozen=True)
class Row:
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
    """What two frames have in common, and what only one of them has."""

    metric: str
    rows: tuple[Row, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


def compare(a: pd.DataFrame, b: pd.DataFrame, name: str) -> Comparison:
    """Cells are matched by their labels. Raises UserError where no label is in both."""
    ours, theirs = ({cell.label: cell for cell in cells(one, name, layout(one))} for one in (a, b))
    common = [label for label in ours if label in theirs]
    if not common:
        raise UserError(
            f"compare: no cell has the same label on both sides; A has {_some(list(ours))}, B has {_some(list(theirs))}"
        )
    gaps = [paired_difference(theirs[label].scores, ours[label].scores) for label in common]
    rows = tuple(
        Row(label, ours[label], theirs[label], gap, p)
        for label, gap, p in zip(common, gaps, holm([gap.p for gap in gaps]), strict=True)
    )
    return Comparison(name, rows, tuple(k for k in ours if k not in theirs), tuple(k for k in theirs if k not in ours))


def text(found: Comparison, a: str, b: str) -> str:
    """For a terminal: a headline, a line a cell, and what only one side has."""
    about = metric(found.metric)
    lines = [f"{about.heading}, B minus A by paired seeds; A = {a}, B = {b}", ""]
    width = max(len(row.cell) for row in found.rows)
    for row in found.rows:
        gap = row.gap.estimate
        change = "no seed on both sides" if math.isnan(gap.mean) else (
            f"{about.difference(gap.mean):>14}  {phrases.span(gap.interval, about):>16}  n={gap.n}  {row.verdict}"
        )  # fmt: skip
        levels = f"{about.text(row.a.estimate.mean):>8} -> {about.text(row.b.estimate.mean):>8}"
        lines.append(f"{row.cell:{width}}  {levels}  {change}")
    moved = [row for row in found.rows if row.verdict in ("higher", "lower")]
    better = sum((row.verdict == "higher") == about.higher_is_better for row in moved)
    rest = f"{len(found.rows) - len(moved)} the same or cannot tell"
    corrected = f"(95%, Holm's correction for {len(found.rows)} cells)"
    lines += ["", f"{better} better, {len(moved) - better} worse, {rest} {corrected}"]
    for side, labels in (("A", found.only_a), ("B", found.only_b)):
        lines += [f"only in {side}: {_some(list(labels))}"] if labels else []
    return "\n".join(lines)


def _some(labels: Sequence[str], most: int = 4) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more if labels else "none"
