"""Sentences on the number of seeds: what so few can tell, and where comparisons were decided."""

from collections.abc import Mapping, Sequence

from probeline.experiment.cell_pairs import pairs
from probeline.experiment.grid import cells as cells_of
from probeline.experiment.schema import Experiment
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import PERCENT, POINTS, Metric
from probeline.report.results.results import Results
from probeline.report.sentences import phrases
from probeline.report.sentences.text import isolated
from probeline.statistics.intervals import Interval
from probeline.statistics.measurement import is_deterministic
from probeline.statistics.pooled_spread import paired_spread
from probeline.statistics.power import detectable, seeds_needed
from probeline.statistics.seed_comparison import ComparisonState, Outcomes, seedless_state, state
from probeline.statistics.sequential import Looks

TITLE = "Seeds until decided"
FEW = 2
"""Seeds up to which a page opens with what more would tell: an interval of two has one degree of freedom."""

POINTS_ASKED = (0.05, 0.01)
"""Differences of accuracies whose seeds are told: five points and one."""


def needed(cells: Sequence[CellResult], metric: Metric) -> str:
    """What a page of at most FEW seeds opens with; "" for more, and where nothing has finished."""
    seeds = max((len(cell.values) for cell in cells), default=0)
    if not 0 < seeds <= FEW or len(cells) < 2:
        return ""
    if seeds < FEW:
        return "One seed gives no interval, so nothing here is more than a first look: 3 seeds or more would be needed."
    spread = paired_spread([cell.values for cell in cells])
    if spread is None:
        return ""
    least = min(detectable(seeds, spread.deviation), _widest(metric))
    percent = [target for target in POINTS_ASKED if target < least] if metric.unit == PERCENT else []
    more = " and ".join(_needed(target, spread.deviation, metric) for target in percent or [least / 2])
    return (
        f"{seeds} seeds tell differences of {_size(least, metric)} or more at best; {more} "
        f"(80% power, by the spread of {spread.pairs} paired differences here)."
    )


def _needed(target: float, deviation: float, metric: Metric) -> str:
    count = seeds_needed(target, deviation)
    return f"{_size(target, metric)} would need {f'{count} seeds' if count else 'more than 1,000 seeds'}"


def _widest(metric: Metric) -> float:
    return metric.bounds[1] - metric.bounds[0]


def _size(value: float, metric: Metric) -> str:
    return metric.difference(value).lstrip("+")


def looks_of(experiment: Experiment) -> Looks | None:
    """When the page's differences were looked at; None for an experiment with a fixed number of seeds.

    Holm's correction of a list makes up for the number of comparisons there.
    """
    rule = experiment.until_decided
    return None if rule is None else Looks(rule.first_look, rule.most)


def until_decided(experiment: Experiment, results: Results, cells: Sequence[CellResult], metric: Metric) -> list[str]:
    """A sentence for each comparison that decides how many seeds run: after how many it stopped, and with what."""
    rule = experiment.until_decided
    if rule is None:
        return []
    outcomes = _outcomes(results, cells)
    compared = [pair for pair in pairs(rule, cells_of(experiment)) if outcomes.keys() >= set(pair.labels)]
    looks = Looks(rule.first_look, rule.most, max(1, len(compared)))
    sentences = []
    for pair in compared:
        ours, theirs = pair.labels
        seedless = all(is_deterministic(metric.name, cell.recipe.as_dict()) for cell in (pair.ours, pair.theirs))
        state_of = seedless_state if seedless else state
        now = state_of(outcomes[ours], outcomes[theirs], looks, rule.smallest)
        sentences.append(_sentence(ours, theirs, now, metric))
    return sentences


def _outcomes(results: Results, cells: Sequence[CellResult]) -> Mapping[str, Outcomes]:
    """Label -> its seeds' values, None for the seeds that have diverged."""
    trials = results.trials
    diverged = trials[(trials["status"] == "failed") & (trials["failure"] == "diverged")]
    lost: dict[str, dict[int, float | None]] = {}
    for label, seed in zip(diverged["cell"], diverged["seed"], strict=True):
        lost.setdefault(str(label), {})[int(seed)] = None
    return {cell.label: {**lost.get(cell.label, {}), **cell.values} for cell in cells}


def _sentence(ours: str, theirs: str, now: ComparisonState, metric: Metric) -> str:
    names = f"{isolated(ours)} against {isolated(theirs)}"
    interval = now.decision.interval
    if interval is None:
        return f"{names}: {now.words()}, no look yet."
    verdict = {"higher": "is higher", "lower": "is lower", "no difference": "no difference that matters"}
    answer = f", {verdict[now.decision.verdict]}" if now.decision.decided else ""
    return f"{names}: {now.words()}{answer} ({_around(interval, metric)}, {now.decision.n} paired seeds)."


def _around(interval: Interval, metric: Metric) -> str:
    unit = POINTS if metric.unit == PERCENT else metric.unit
    return f"difference {phrases.span(interval, metric)}{' ' + unit if unit else ''} at all looks together"
