"""Tuned cells: what each study has tried and chosen, as values, a table, a tidy frame and sentences."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from probeline.report.results.axis_values import is_number, short, shown
from probeline.report.results.cells import CellResult
from probeline.report.results.columns import TUNED
from probeline.report.results.layout import ReportLayout
from probeline.report.results.metrics import metric
from probeline.report.results.results import Results
from probeline.report.sentences import phrases
from probeline.report.sentences.text import isolated
from probeline.report.tables.tables import Entry, Table
from probeline.statistics.intervals import LEVEL, RESOLUTION, Interval

TITLE = "Chosen on the validation part"
MAX_STUDIES = 12  # studies listed one by one; the table has all
STATES = {"complete": "judged", "pruned": "given up or diverged", "fail": "failed", "running": "not ended"}


@dataclass(frozen=True)
class StudyPoint:
    """One tuning trial over all tuning seeds; `score` is None unless it was judged."""

    number: int
    state: str
    score: float | None
    values: dict[str, Any]


@dataclass(frozen=True)
class StudyResult:
    """One cell's search, as `tracking.studies.outcomes` gives it."""

    id: str
    run_id: str
    tried: int
    chosen: dict[str, Any]
    score: float | None
    points: tuple[StudyPoint, ...]
    importance: dict[str, float]
    search: dict[str, Any]

    @property
    def metric(self) -> str:
        """What it went by: protocol/validation..."""
        return self.search["metric"]

    @property
    def sign(self) -> int:
        """1 where more is better, else -1."""
        return 1 if self.search["direction"] == "maximize" else -1

    @property
    def winner(self) -> int | None:
        """The number of the point that it chose; None where its points are gone."""
        return next((p.number for p in self.points if p.score is not None and p.score == self.score), None)

    @property
    def effort(self) -> str:
        """`tuned with 16 trials`."""
        return f"tuned with {phrases.seeds(self.tried, 'trial')}"

    def is_log(self, key: str) -> bool:
        """Whether a key was searched in the logarithm, or over choices that span a decade."""
        form = self.search["space"][key]
        choices = form.get("choice") or ()
        numbers = all(map(is_number, choices)) and len(choices) > 1 and min(choices) > 0
        return "log_uniform" in form or (numbers and max(choices) / min(choices) >= 10)


def study(cell: CellResult) -> StudyResult | None:
    """The study of a tuned cell that has chosen; None for any other."""
    outcome = cell.tuned
    if outcome is None:
        return None
    return StudyResult(
        id=outcome["study_id"],
        run_id=outcome["run_id"],
        tried=outcome["tried"],
        chosen=outcome["chosen"],
        score=outcome["score"],
        points=tuple(StudyPoint(p["number"], p["state"], p["value"], p["values"]) for p in outcome["trials"]),
        importance=outcome["importance"],
        search=outcome["search"],
    )


def studies(results: Sequence[CellResult]) -> list[tuple[CellResult, StudyResult]]:
    """The cells that were tuned, each with its study, in plan order."""
    return [(cell, result) for cell in results if (result := study(cell)) is not None]


def keys(tuned: Sequence[tuple[CellResult, StudyResult]]) -> list[str]:
    """Every tuned key, in the spec's order."""
    return list(dict.fromkeys(key for _, one in tuned for key in one.chosen))


def points(results: Results) -> pd.DataFrame:
    """A row for each point of each study: study_id, cell, number, state, score, chosen, and a column a tuned key."""
    trials = results.trials
    if TUNED not in trials:
        return pd.DataFrame()
    first = trials[trials[TUNED].notna()].drop_duplicates("cell")
    rows = [
        {
            "study_id": outcome["study_id"],
            "cell": label,
            "number": p["number"],
            "state": p["state"],
            "score": p["value"],
        }
        | {"chosen": p["value"] is not None and p["value"] == outcome["score"], **p["values"]}
        for label, outcome in zip(first["cell"], first[TUNED], strict=True)
        for p in outcome["trials"]
    ]
    return pd.DataFrame(rows)


def table(tuned: Sequence[tuple[CellResult, StudyResult]]) -> Table:
    """A row a study: what it chose, its score, how many trials that took, how they ended."""
    named = keys(tuned)
    columns = ("Cell", *map(short, named), "Score", "Trials", "How they ended", "Search")
    rows = tuple(
        (
            Entry(cell.label, cell.label),
            *(_value(one.chosen.get(key)) for key in named),
            Entry(
                metric(one.metric).text(one.score), one.score, behind=(f"study {one.id}", f"MLflow run {one.run_id}")
            ),
            Entry(str(one.tried), one.tried),
            Entry(_ends(one)),
            Entry(_search(one)),
        )
        for cell, one in tuned
    )
    scores = " or ".join(dict.fromkeys(metric(one.metric).title for _, one in tuned))
    caption = (
        f"Each cell was tuned on the validation part, by {scores}; test data were not read. The winner was trained "
        "anew over the report's seeds. The score is the best of several, so it looks better than it is."
    )
    return Table("studies", caption, columns, rows, frozenset(range(1, len(named) + 3)))


def sentences(results: Sequence[CellResult], shape: ReportLayout) -> tuple[str, ...]:
    """What each study chose, in a sentence; how the choice goes along the axis; which cells were not tuned."""
    tuned = studies(results)
    if not tuned:
        return ()
    listed = [_chosen(cell, one) for cell, one in tuned[:MAX_STUDIES]]
    if len(tuned) > MAX_STUDIES:
        listed.append(f"And {len(tuned) - MAX_STUDIES} studies more, in the table.")
    listed += [sentence for key in keys(tuned) for sentence in _trends(key, tuned, shape)]
    plain = [isolated(cell.label) for cell in results if cell.tuned is None]
    if plain:
        named = ", ".join(plain[:MAX_STUDIES]) + (
            f" and {len(plain) - MAX_STUDIES} more" if len(plain) > MAX_STUDIES else ""
        )
        listed.append(f"Not tuned: {named}.")
    return tuple(listed)


@dataclass(frozen=True)
class Power:
    """y goes as x to the power `exponent`; `interval` is Student's, 95%, of `n` studies; None: all lie on one line."""

    exponent: float
    interval: Interval | None
    n: int


def power(x: Sequence[float], y: Sequence[float]) -> Power | None:
    """The straight line through logarithms, by least squares; None below three points or at one x alone."""
    if len(x) < 3 or len(set(x)) < 3:
        return None
    from scipy.stats import linregress, t

    line = linregress(np.log(x), np.log(y))
    slope, error = float(line.slope), float(line.stderr)
    if error <= RESOLUTION * abs(slope):  # choices from a coarse grid, so no evidence of the next one
        return Power(slope, None, len(x))
    half = float(t.ppf((1 + LEVEL) / 2, len(x) - 2)) * error
    return Power(slope, Interval(slope - half, slope + half), len(x))


def _trends(key: str, tuned: Sequence[tuple[CellResult, StudyResult]], shape: ReportLayout) -> list[str]:
    """How a key searched in the logarithm goes along a numeric axis, line by line."""
    trends: list[str] = []
    if shape.x is None:
        return trends
    for line in shape.lines:
        group = [(cell.x, one.chosen[key]) for cell, one in tuned if cell.line == line and one.is_log(key)]
        group = [(x, y) for x, y in group if is_number(x) and x > 0]
        fit = power([x for x, _ in group], [y for _, y in group])
        if fit is not None:
            around = "on one line, so no interval"
            if fit.interval is not None:
                around = f"95% interval {fit.interval.low:.2f} to {fit.interval.high:.2f}"
            trends.append(
                f"{isolated(line)}: the chosen {short(key)} goes as {short(shape.x)} to the power {fit.exponent:.2f} "
                f"({around}, {fit.n} studies).".replace("-", "−")
            )
    return trends


def _chosen(cell: CellResult, one: StudyResult) -> str:
    values = ", ".join(f"{short(key)} {_shown(value)}" for key, value in one.chosen.items())
    score = metric(one.metric)
    return f"{isolated(cell.label)}: {values}, {one.effort} ({score.title} {score.text(one.score)})."


def _ends(one: StudyResult) -> str:
    counts = Counter(STATES.get(point.state, point.state) for point in one.points)
    return ", ".join(f"{count} {state}" for state, count in counts.items()) or "not in MLflow any more"


def _search(one: StudyResult) -> str:
    seeds = phrases.seeds(len(one.search["seeds"]))
    return f"{one.search['sampler']}, {seeds} each" + (", ASHA" if one.search.get("asha") else "")


def _value(value: Any) -> Entry:
    return Entry("—" if value is None else _shown(value), value if is_number(value) and math.isfinite(value) else None)


def _shown(value: Any) -> str:
    """A chosen value: three digits tell a rate, and a component goes by its name."""
    if isinstance(value, dict) and "name" in value:
        return str(value["name"])
    return f"{value:.3g}" if isinstance(value, float) else shown(value)
