"""The page's tables: every number with its n, its interval and the trials behind it."""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from probeline.report.results.baseline import Baseline, counterparts, title
from probeline.report.results.cells import CellResult, why_missing, why_not_applicable
from probeline.report.results.layout import ReportLayout
from probeline.report.results.metrics import Metric, metric
from probeline.report.results.results import Results
from probeline.report.results.time_spent import time_spent
from probeline.report.sentences import phrases
from probeline.report.sentences.text import clean
from probeline.statistics.differences import Difference, paired_difference
from probeline.statistics.intervals import Basis, Estimate, Interval
from probeline.statistics.multiplicity import holm

WATCHED = ("cost/", "train/", "online_probe/")  # not results
GROUPED = (
    " The bootstrap is over the test's groups, such as writers, people or runs, whose pairs or questions are not "
    "independent; its ends are means over seeds."
)


class Entry(NamedTuple):  # of which 5,000 trials make 40,000: quick to make
    """One field. `small` stands under the text, `behind` opens on it: what the number is made of; `link` is http."""

    text: str
    sort: float | str | None = None
    small: str = ""
    behind: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True)
class Table:
    """A caption, column names and rows. `numeric` columns are set to the right; `how` is for a screen alone."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    numeric: frozenset[int] = frozenset()
    how: str = ""


def main_table(results: Results, main: str, shape: ReportLayout) -> Table:
    """A row a cell: n, then the experiment's metric and the other protocols' top-1."""
    others = [name for name in results.metrics if name != main and name.count("/") == 1 and name.endswith("/top1")]
    names = [main, *(name for name in others if not name.startswith(WATCHED))]
    caption = "Means over finished seeds, with their 95% intervals."
    table = replace(
        _by_cell(results, names, shape, "results", caption), how="A number opens to its seeds and trial ids."
    )
    return _with_bootstrap(table, results, main, shape)


def _with_bootstrap(table: Table, results: Results, main: str, shape: ReportLayout) -> Table:
    """With a column for the interval over the test's groups, where the protocol recorded one."""
    if not set(_ends(main)) <= set(results.metrics):
        return table
    cells = zip(*results.cells_of(list(_ends(main)), shape), strict=True)
    rows = zip(table.rows, (_grouped(low, high, metric(main)) for low, high in cells), strict=True)
    columns = (*table.columns[:3], "95% over groups, bootstrap", *table.columns[3:])
    longer = tuple((*row[:3], ends, *row[3:]) for row, ends in rows)
    return replace(
        table, caption=table.caption + GROUPED, columns=columns, rows=longer, numeric=frozenset(range(1, len(columns)))
    )


def _ends(main: str) -> tuple[str, str]:
    return f"{main}_low", f"{main}_high"


def _grouped(low: CellResult, high: CellResult, metric: Metric) -> Entry:
    if not low.estimate.n:
        return Entry("—", None)
    ends = Interval(low.estimate.mean, high.estimate.mean)
    return Entry(phrases.span(ends, metric), ends.low, behind=_trials_behind(low, high, metric))


def _trials_behind(low: CellResult, high: CellResult, metric: Metric) -> tuple[str, ...]:
    spans = {s: phrases.span(Interval(low.values[s], high.values[s]), metric) for s in sorted(low.values)}
    return tuple(f"seed {s}: {span}, trial {low.trials[s]}" for s, span in spans.items())


def more_metrics(results: Results, main: str, shape: ReportLayout) -> Table:
    """What the protocols recorded besides: per-class accuracy, calibration error, what the validation part chose."""
    shown = {entry for entry in results.metrics if entry.count("/") == 1 and entry.endswith("/top1")} | {
        main,
        *_ends(main),
    }
    names = [name for name in results.metrics if name not in shown and not name.startswith(WATCHED)]
    caption = "Everything else that the protocols recorded, as means over finished seeds with their 95% intervals."
    return _by_cell(results, names, shape, "more", caption)


def cost(results: Results, shape: ReportLayout) -> Table:
    """A row a cell: what was recorded under `cost/`."""
    spent = " and ".join(f"{_duration(seconds)} of {what}" for what, seconds in time_spent(results.trials).items())
    caption = "Means over finished seeds." + (f" All trials together: {spent}." if spent else "")
    names = [name for name in results.metrics if name.startswith("cost/")]
    return _by_cell(results, names, shape, "cost", caption)


def differences(results: Results, main: str, baseline: Baseline, shape: ReportLayout) -> Table:
    """A row for each cell that has a baseline."""
    cells, described = results.cells(main, shape), metric(main)
    other = counterparts(cells, baseline)
    pairs = [(cell, other[cell.label]) for cell in cells if cell.label in other]
    gaps = [paired_difference(cell.scores, theirs.scores) for cell, theirs in pairs]
    rows = [
        _difference(*pair, gap, p, described)
        for pair, gap, p in zip(pairs, gaps, holm([gap.p for gap in gaps]), strict=True)
    ]
    chance, word = ("P(better)", "better") if described.ranked else ("P(higher)", "higher")
    columns = ("Cell", "Against", "Paired seeds", "Difference", "95% interval", chance, "p, Holm", "Verdict")
    caption = (
        f"{described.heading} minus that of {title(baseline, cells)}, seed by seed. {chance}: the share "
        f"of all pairs of seeds, one from each side, in which the cell is the {word} one. The verdict goes by the "
        "p-value after Holm's correction for all rows; each interval is its own 95%."
    )
    return Table("differences", caption, columns, tuple(rows), frozenset({2, 3, 4, 5, 6}))


def failures(results: Results, main: str) -> Table:
    """A row for each trial without the experiment's metric, or of whose protocols one crashed: why, and its message."""
    trials, missing = results.trials, results.missing(main)
    without = trials[missing | trials["failure"].notna()]
    rows = tuple(
        (
            _plain(row["trial_id"]),
            _plain(row["cell"]),
            Entry(str(row["seed"]), float(row["seed"])),
            _plain(row["status"]),
            _plain(_reason(row, main)),
            _plain(_text(row["message"]) or why_not_applicable(row.get("notes"), main)),
        )
        for row in without.to_dict("records")
    )
    caption = f"{missing.sum()} of {len(trials)} trials without a result. They are in no mean."
    if len(rows) > missing.sum():
        caption += f" {len(rows) - missing.sum()} more lack what a protocol that crashed would have given."
    return Table("failures", caption, ("Trial", "Cell", "Seed", "Status", "Class", "Message"), rows, frozenset({2}))


def _reason(row: dict[str, Any], main: str) -> str:
    crashed = row["status"] == "finished" and isinstance(row["failure"], str)
    return str(row["failure"]) if crashed else why_missing(row["status"], row["failure"], main)


def _by_cell(results: Results, names: list[str], shape: ReportLayout, name: str, caption: str) -> Table:
    if not names:
        return Table(name, caption, (), ())
    rows = []
    for row in zip(*results.cells_of(names, shape), strict=True):
        first, n = row[0], row[0].estimate.n
        planned = len(first.values) + len(first.missing)
        counted = f"{n}" if n == planned else f"{n}\u00a0of\u00a0{planned}"
        numbers = (level(cell, metric(m), n) for cell, m in zip(row, names, strict=True))
        rows.append((_cell(first), Entry(counted, n, behind=first.missing), *numbers))
    heads = ("Cell", "n", *(clean(metric(metric_name).heading) for metric_name in names))
    return Table(name, caption, heads, tuple(rows), frozenset(range(1, len(heads))))


def level(cell: CellResult, metric: Metric, n: int) -> Entry:
    """A mean with its interval; `n` is the row's, and is repeated where this metric has another."""
    result = cell.estimate
    if not result.n:
        return Entry("—", None, "no result" if n else "", cell.missing)
    small = _bounds(result, metric) + (f", n = {result.n}" if result.n != n else "")
    mean_of = f"mean of {phrases.seeds(result.n)}: {metric.text(result.mean)}"
    seeds = (f"seed {s}: {metric.text(v)}, trial {cell.trials[s]}" for s, v in sorted(cell.values.items()))
    behind = (mean_of, *_basis(result), *seeds, *cell.missing)
    return Entry(metric.text(result.mean), result.mean, small, behind)


def _difference(cell: CellResult, theirs: CellResult, gap: Difference, p: float, metric: Metric) -> tuple[Entry, ...]:
    result, pairs = gap.estimate, zip(gap.seeds, gap.values, strict=True)
    behind = (
        tuple(f"seed {s}: {metric.difference(v)}, trials {cell.trials[s]} and {theirs.trials[s]}" for s, v in pairs)
        + tuple(f"seed {s}: on one side only" for s in gap.unpaired)
        + _basis(result)
    )
    number = Entry(metric.difference(result.mean), result.mean, behind=behind) if result.n else Entry("—", None)
    better = 1 - gap.improvement if metric.direction == "lower" else gap.improvement
    outcome = "unclear" if phrases.is_withdrawn(gap, p) else gap.verdict
    verdict = {"unclear": "cannot\u00a0tell", "equal": "the same"}.get(outcome) or _verdict(outcome, metric)
    return (
        _plain(cell.label), _plain(theirs.label), Entry(str(result.n), result.n, behind=behind), number,
        Entry(phrases.span(result.interval, metric), result.interval.low if result.interval else None),
        Entry(phrases.chance(better), None if math.isnan(better) else better),
        Entry(phrases.probability(p), None if math.isnan(p) else p), _plain(verdict),
    )  # fmt: skip


def _verdict(direction: str, metric: Metric) -> str:
    """`better` or `worse` for a difference that is `higher` or `lower`; the same word where none is better."""
    if not metric.ranked:
        return direction
    return "better" if direction == metric.direction else "worse"


def _bounds(result: Estimate, metric: Metric) -> str:
    if result.interval is None:
        return "1 seed, no interval" if result.n == 1 else "all seeds alike, no interval"
    if result.basis is Basis.DETERMINISTIC:
        return "depends on no seed"
    return f"{metric.number(metric.clip(result.interval.low))} to {metric.number(metric.clip(result.interval.high))}"


def _basis(result: Estimate) -> tuple[str, ...]:
    """What makes the interval another one than that of the spread over seeds."""
    return () if result.basis in (Basis.SEEDS, Basis.TOO_FEW) else (f"interval: {result.basis}",)


def _cell(cell: CellResult) -> Entry:
    """A cell's name, and how many trials chose its values: a tuned cell is not to be read as an untuned one."""
    tried = cell.tuned["tried"] if cell.tuned else 0
    return Entry(cell.label, cell.label, f"tuned with {phrases.seeds(tried, 'trial')}" if tried else "")


def _plain(value: object) -> Entry:
    return Entry(str(value), str(value))


def _text(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
