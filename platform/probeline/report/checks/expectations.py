"""A benchmark that guards itself: a report's numbers against stored expectations with tolerances.

metric: linear_probe/top1          # of every entry that names none; else the experiment's own
expect:
  - {cell: simclr batch_size=128, mean: 0.62, tolerance: 0.03}     # a regression is worse by more than that
  - {cell: raw_pixels, metric: knn/top1, at_least: 0.4}
  - {cell: random_init, metric: linear_probe/ece, at_most: 0.2}    # the metric's direction says which side is worse
  - {cell: simclr batch_size=128, beats: random_init}              # its own paired interval leaves zero out
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml
from pydantic import Field, ValidationError, model_validator

from probeline.core.settings import Settings
from probeline.errors import UserError
from probeline.experiment.problems import SpecError
from probeline.experiment.yaml_source import parse, read_file
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import Metric, metric
from probeline.report.results.results import Results
from probeline.report.sentences import phrases
from probeline.statistics.differences import paired_difference


class Expectation(Settings):
    """What one cell must reach: a mean within a tolerance, a bound, or another cell that it beats."""

    cell: str
    metric: str | None = None
    mean: float | None = None
    tolerance: float | None = Field(None, ge=0)
    at_least: float | None = None
    at_most: float | None = None
    beats: str | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        given = [name for name in ("mean", "at_least", "at_most", "beats") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give one of mean, at_least, at_most, beats")
        if (self.mean is None) != (self.tolerance is None):
            raise ValueError("mean and tolerance go together")
        return self


class Expectations(Settings):
    """The whole file."""

    metric: str | None = None
    expect: list[Expectation] = Field(min_length=1)


@dataclass(frozen=True)
class CheckResult:
    """One expectation and what came of it."""

    good: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.good else 'FAIL'}  {self.text}"


def read(path: Path) -> Expectations:
    """Raises UserError with the file, the entry and what is wrong."""
    text = read_file(path)
    if not text.strip():
        raise UserError(f"{path}: empty; it needs `expect`, a list of what cells must reach")
    tree, source, problems = parse(text, str(path))
    if problems:
        raise SpecError(problems)
    try:
        return Expectations.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        raise SpecError([source.problem(tuple(first["loc"]), first["msg"])]) from error


def check(expected: Expectations, results: Results, main: str | None = None) -> list[CheckResult]:
    """A finding for each entry, in order. A cell without a result fails: nothing passes by being absent.

    `main`: the metric of entries in a file that names none; else the primary one of the trials' first protocol.
    """
    main = expected.metric or main or results.main_metric
    return [_find(entry, entry.metric or main, results) for entry in expected.expect]


def stored(results: Results, name: str, path: Path) -> int:
    """Write today's means as expectations, each with half the width of its interval as tolerance; returns how many."""
    entries = []
    for cell in results.cells(name, results.layout()):
        if not cell.values:
            continue
        interval = cell.estimate.interval
        width = (interval.high - interval.low) / 2 if interval else 0.05 * abs(cell.estimate.mean)
        entries.append(
            {"cell": cell.label, "mean": round(cell.estimate.mean, 6), "tolerance": round(max(width, 1e-6), 6)}
        )
    text = yaml.safe_dump({"metric": name, "expect": entries}, sort_keys=False, allow_unicode=True, width=120)
    path.write_text(text, encoding="utf-8")
    return len(entries)


def _find(entry: Expectation, name: str, results: Results) -> CheckResult:
    by_label = {cell.label: cell for cell in results.cells(name, results.layout())}
    described, where = metric(name), f"{entry.cell}, {name}"
    for label in filter(None, (entry.cell, entry.beats)):
        if label not in by_label:
            return CheckResult(False, f"{where}: there is no cell {label!r}")
        if not by_label[label].values:
            why = "; ".join(by_label[label].missing[:3]) or "no trial"
            return CheckResult(False, f"{where}: {label} has no result ({why})")
    cell = by_label[entry.cell]
    if entry.beats is not None:
        if not described.ranked:
            return CheckResult(False, f"{where}: {name} has no direction, so no cell beats another by it")
        gap = paired_difference(cell.scores, by_label[entry.beats].scores)
        good = gap.verdict == described.direction
        return CheckResult(good, phrases.comparison(entry.cell, entry.beats, gap, described))
    return _bounded(entry, cell, described, where)


def _bounded(entry: Expectation, cell: CellResult, metric: Metric, where: str) -> CheckResult:
    mean, low, high, wanted = cell.estimate.mean, entry.at_least, entry.at_most, ""
    if entry.mean is not None and entry.tolerance is not None:
        low = entry.mean - entry.tolerance if metric.direction != "lower" else None
        high = entry.mean + entry.tolerance if metric.direction != "higher" else None
        wanted = f"{metric.text(entry.mean)} with tolerance {entry.tolerance * metric.scale:.3g}, "
    ends = {"at least": low, "at most": high}
    bound = " and ".join(f"{word} {metric.text(end)}" for word, end in ends.items() if end is not None)
    good = (low is None or mean >= low) and (high is None or mean <= high)
    return CheckResult(
        good, f"{where}: {metric.text(mean)} ({phrases.interval(cell.estimate, metric)}); expected {wanted}{bound}"
    )
