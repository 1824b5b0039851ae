"""Seeds until comparisons are decided: which trials are wanted now, from the numbers that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from probeline.execution.ray.retry_policy import rule
from probeline.experiment.cell_pairs import pairs
from probeline.experiment.problems import printable
from probeline.experiment.schema import Experiment
from probeline.experiment.trial import Cell, Trial
from probeline.experiment.until_decided import UntilDecided
from probeline.statistics.measurement import is_deterministic
from probeline.statistics.seed_comparison import ComparisonState, Outcomes, seedless_state, state
from probeline.statistics.sequential import Looks
from probeline.tracking.reading.results import TrialStatus, last_values


@dataclass(frozen=True)
class SeedWaves:
    """The comparisons of `seeds: {until: decided}`, all trials that they may need, and the values that there are.

    Args:
        pairs: The labels of the two cells of each comparison.
        trials: Every trial of every cell, up to the most seeds, one seed of every cell before the second of any.
        outcomes: Label of a cell -> its seeds' values, as `seed_comparison` takes them.
        seedless: Those of `pairs` of which neither cell depends on the seed: their first look decides.
    """

    rule: UntilDecided
    metric: str
    pairs: tuple[tuple[str, str], ...]
    trials: tuple[Trial, ...]
    outcomes: Mapping[str, Outcomes]
    seedless: frozenset[tuple[str, str]] = frozenset()

    @property
    def looks(self) -> Looks:
        """When each comparison is looked at."""
        return Looks(self.rule.first_look, self.rule.most, len(self.pairs))

    def states(self) -> list[ComparisonState]:
        """What each comparison has come to, in the order of `pairs`."""
        return [self._state(pair) for pair in self.pairs]

    def _state(self, pair: tuple[str, str]) -> ComparisonState:
        ours, theirs = (self.outcomes.get(label, {}) for label in pair)
        state_of = seedless_state if pair in self.seedless else state
        return state_of(ours, theirs, self.looks, self.rule.smallest)

    @property
    def over(self) -> bool:
        """Whether no comparison wants a further seed."""
        return all(now.over for now in self.states())

    def wave(self) -> list[Trial]:
        """The trials wanted by now, finished ones among them; a cell that is in no comparison has the first seeds."""
        seeds: dict[str, int] = {}
        for pair, now in zip(self.pairs, self.states(), strict=True):
            for label in pair:
                seeds[label] = max(seeds.get(label, 0), now.wanted)
        first = self.rule.first_look
        return [trial for trial in self.trials if trial.seed < seeds.get(trial.cell.label, first)]

    def with_outcome(self, trial: Trial, value: float | None) -> "SeedWaves":
        """The same after a trial has ended for good; None: without a value."""
        label = trial.cell.label
        return replace(self, outcomes={**self.outcomes, label: {**self.outcomes.get(label, {}), trial.seed: value}})

    def lines(self) -> list[str]:
        """`simclr against random_init: stopped after 7 seeds: decided (higher)`, a line a comparison."""
        return [_line(pair, now) for pair, now in zip(self.pairs, self.states(), strict=True)]


def _line(pair: tuple[str, str], now: ComparisonState) -> str:
    verdict = f" ({now.decision.verdict})" if now.decision.decided else ""
    return printable(f"{pair[0]} against {pair[1]}: {now.words()}{verdict}")


def of(
    experiment: Experiment, cells: Sequence[Cell], planned: Sequence[Trial], states: Mapping[str, TrialStatus], uri: str
) -> SeedWaves | None:
    """The waves of an experiment whose seeds run until comparisons are decided; None for one with fixed seeds.

    A comparison of twins, which are one trial, is left out. Raises UserError where MLflow cannot be read.
    """
    until, metric = experiment.until_decided, experiment.report.metric
    if until is None or metric is None:
        return None
    labels = {trial.cell.label for trial in planned}
    planned_pairs = [pair for pair in pairs(until, cells) if labels.issuperset(pair.labels)]
    compared = tuple(pair.labels for pair in planned_pairs)
    seedless = frozenset(
        pair.labels
        for pair in planned_pairs
        if all(is_deterministic(metric, cell.recipe.as_dict()) for cell in (pair.ours, pair.theirs))
    )
    inside = {label for pair in compared for label in pair}
    asked = [trial for trial in planned if trial.cell.label in inside]
    finished = [trial.id for trial in asked if states[trial.id].status == "finished"]
    values = last_values(uri, finished, metric, experiment.name)
    outcomes: dict[str, dict[int, float | None]] = {}
    for trial in asked:
        if trial.id in values or is_settled_without_value(states[trial.id]):
            outcomes.setdefault(trial.cell.label, {})[trial.seed] = values.get(trial.id)
    return SeedWaves(until, metric, compared, tuple(planned), outcomes, seedless)


def is_settled_without_value(status: TrialStatus) -> bool:
    """Whether a trial that has no value will never have one: it has finished without, or fails again, as diverged."""
    if status.status == "finished":
        return not status.protocols
    return status.status == "failed" and not rule(status.failure).again


def as_dict(waves: SeedWaves) -> list[dict[str, Any]]:
    """Each comparison as JSON-able values."""
    return [
        {
            "compared": list(pair),
            "verdict": now.decision.verdict,
            "seeds": now.seeds,
            "wanted": now.wanted,
            "most": waves.rule.most,
            "over": now.over,
        }
        for pair, now in zip(waves.pairs, waves.states(), strict=True)
    ]


def text(waves: SeedWaves) -> list[str]:
    """For a person: how many comparisons are decided, each of them, and the most that can still come."""
    states, looks = waves.states(), waves.looks
    over = sum(now.over for now in states)
    lines = [
        f"seeds until decided by {waves.metric}: {over} of {len(states)} comparisons are over; a look after each seed "
        f"from {looks.first} to {looks.most}",
        *(f"  {line}" for line in waves.lines()),
    ]
    open_cells = {label for pair, now in zip(waves.pairs, states, strict=True) if not now.over for label in pair}
    wanted = {trial.id for trial in waves.wave()}
    more = sum(trial.cell.label in open_cells and trial.id not in wanted for trial in waves.trials)
    return lines + ([f"  {more} trials more at most, where no further seed decides"] if more else [])
