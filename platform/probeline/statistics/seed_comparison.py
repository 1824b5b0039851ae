"""One comparison seed by seed: what it has come to, and how many seeds it needs now.

A look counts the seeds from the first on that have run on both sides; which of them ran earlier by the clock does not
matter. So the state is a function of the numbers alone, and an interrupted run comes to the same decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from probeline.statistics.intervals import Interval
from probeline.statistics.sequential import Decision, Looks, Verdict, decide

Outcomes = Mapping[int, float | None]
"""Seed -> value; None for a seed that will never have one, such as a diverged one. Others have not run yet."""


@dataclass(frozen=True)
class ComparisonState:
    """What a comparison has come to after `seeds` seeds of both sides; `wanted`: the seeds that should have run."""

    decision: Decision
    seeds: int
    wanted: int

    @property
    def over(self) -> bool:
        """Whether no further seed is wanted: it is decided, or all seeds have run."""
        return self.wanted <= self.seeds

    def words(self) -> str:
        """`stopped after 7 seeds: decided`, `not decided after 20 seeds`, or `undecided after 4 seeds`."""
        count = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        if self.decision.decided:
            return f"stopped after {count}: decided"
        return f"not decided after {count}, the most" if self.over else f"undecided after {count}"


def state(ours: Outcomes, theirs: Outcomes, looks: Looks, smallest: float | None) -> ComparisonState:
    """The state of `ours - theirs` at the first look that decides it, else at the last one that there is.

    A seed without a value on either side is in no difference, and uses one of `looks.most` seeds.
    """
    differences: list[float] = []
    decision = Decision("undecided", 0, None)
    for seed in range(looks.most):
        if seed not in ours or seed not in theirs:
            return ComparisonState(decision, seed, min(looks.most, max(looks.first, seed + 1)))
        our_value, their_value = ours[seed], theirs[seed]
        if our_value is None or their_value is None:
            continue
        differences.append(our_value - their_value)
        decision = decide(differences, looks, smallest)
        if decision.decided:
            return ComparisonState(decision, seed + 1, seed + 1)
    return ComparisonState(decision, looks.most, looks.most)


def seedless_state(ours: Outcomes, theirs: Outcomes, looks: Looks, smallest: float | None) -> ComparisonState:
    """The state of two cells that depend on no seed: every seed has the same difference, so the first look decides.

    As `state` where a seed has no value or another difference, as on a device whose sums have no fixed order.
    """
    known = [(ours.get(seed), theirs.get(seed)) for seed in range(looks.first)]
    differences = {a - b for a, b in known if a is not None and b is not None}
    if len(differences) != 1 or any(None in pair for pair in known):
        return state(ours, theirs, looks, smallest)
    (difference,) = differences
    verdict: Verdict = "higher" if difference > 0 else "lower"
    if difference == 0 or (smallest is not None and abs(difference) < smallest):
        verdict = "no difference"
    decision = Decision(verdict, looks.first, Interval(difference, difference))
    return ComparisonState(decision, looks.first, looks.first)
