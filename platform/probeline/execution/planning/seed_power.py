"""What a plan's seeds can tell: the smallest difference found with 80% power, from the spread measured so far."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from probeline.core.metric import PERCENT, Metric
from probeline.errors import UserError
from probeline.execution.planning.plan import Plan
from probeline.plugins.metrics import metric as described
from probeline.statistics.pooled_spread import paired_spread
from probeline.statistics.power import detectable, seeds_needed
from probeline.tracking.reading.budgets import Trained
from probeline.tracking.reading.results import last_values

GUESS = 0.01
"""Standard deviation of one cell over seeds where nothing is measured: a point of accuracy, stated as a guess."""

MAX_READ = 500
"""Finished trials whose values are read: more change the pooled spread little."""

TARGETS = (0.005, 0.01, 0.02, 0.05)


@dataclass(frozen=True)
class SeedPower:
    """What `seeds` seeds tell of `metric`; numbers in its stored unit.

    `deviation`: of paired differences, pooled over `pairs` pairs of cells; 0 pairs: from a stated spread of one cell.
    `targets`: difference -> the seeds that find it, None for more than a thousand. `elsewhere`: the pairs are of other
    experiments with the same data.
    """

    metric: str
    seeds: int
    deviation: float
    pairs: int
    detectable: float
    targets: dict[float, int | None]
    elsewhere: bool = False


def of_plan(plan: Plan, uri: str, spread: float | None, recorded: Sequence[Trained]) -> SeedPower | None:
    """The power of a plan; None for a metric that has no fixed unit and no measured spread, or a single cell.

    Args:
        recorded: finished trials of any experiment; those of the same data count where none of the plan has finished.
        spread: a stated standard deviation of one cell over seeds, in the metric's stored unit; it wins over all.

    Raises:
        UserError: the spread is not above zero; results cannot be read.
    """
    name, seeds = plan.experiment.report.metric, len(plan.experiment.seed_values)
    if spread is not None and not (math.isfinite(spread) and spread > 0):
        raise UserError(f"--spread {spread:g}: a standard deviation over seeds is above 0, such as 0.01 for a point")
    if name is None or len({trial.cell.label for trial in plan.trials}) < 2:
        return None
    measured = None if spread is not None else paired_spread(_values(plan, uri, name))
    elsewhere = measured is None and spread is None
    measured = paired_spread(_values_elsewhere(plan, recorded)) if elsewhere else measured
    unit = described(name).unit
    if measured is None and spread is None and unit != PERCENT:
        return None
    deviation = measured.deviation if measured else math.sqrt(2) * (spread or GUESS)
    least = detectable(seeds, deviation)
    targets = TARGETS if unit == PERCENT else (deviation / 2, deviation, 2 * deviation)
    needed = {target: seeds_needed(target, deviation) for target in targets}
    pairs = measured.pairs if measured else 0
    return SeedPower(name, seeds, deviation, pairs, least, needed, elsewhere and measured is not None)


def _values(plan: Plan, uri: str, name: str) -> list[dict[int, float]]:
    """Seed -> value of each cell, of what has finished."""
    finished = [trial for trial in plan.trials if plan.statuses[trial.id].status == "finished"][:MAX_READ]
    values = last_values(uri, [trial.id for trial in finished], name, plan.experiment.name)
    by_cell: dict[str, dict[int, float]] = {}
    for trial in finished:
        if trial.id in values:
            by_cell.setdefault(trial.cell.label, {})[trial.seed] = values[trial.id]
    return list(by_cell.values())


def _values_elsewhere(plan: Plan, recorded: Sequence[Trained]) -> list[dict[int, float]]:
    """The same of other experiments' trials of this data, a cell being a method with an encoder and a budget."""
    data = {trial.cell.recipe.data.name for trial in plan.trials}
    by_cell: dict[tuple, dict[int, float]] = {}
    for trial in recorded:
        if trial.data in data:
            key = (trial.data, trial.encoder, trial.method, trial.updates, trial.batch_size)
            by_cell.setdefault(key, {})[trial.seed] = trial.value
    return list(by_cell.values())


def text(power: SeedPower, stated: bool) -> list[str]:
    """For a person; `stated`: the spread came from the command line."""
    metric = described(power.metric)
    if power.pairs:
        of = "other experiments on this data" if power.elsewhere else "this experiment so far"
        basis = f"the spread of {power.pairs} paired differences of {of}, {_size(power.deviation, metric)}"
    else:
        what = "the stated spread" if stated else "a guess, as nothing is measured: --spread states another"
        basis = f"a spread of {_size(power.deviation / math.sqrt(2), metric)} over the seeds of a cell ({what})"
    least = min(power.detectable, metric.bounds[1] - metric.bounds[0])
    one = "1 seed tells no difference" if power.seeds < 2 else ""
    head = one or f"{power.seeds} seeds tell differences of {_size(least, metric)} or more in {metric.title}"
    wanted = ", ".join(f"{_size(target, metric)} {_count(count)}" for target, count in power.targets.items())
    return [f"power: {head} (80% power, each comparison alone; {basis})", f"       seeds for a difference of: {wanted}"]


def suggestion(power: SeedPower) -> list[str]:
    """The seeds that find the second of the targets, where the plan has fewer."""
    target, seeds = list(power.targets.items())[1]
    if seeds is None or seeds <= power.seeds:
        return []
    return [f"suggested seeds: --set seeds={seeds} finds {_size(target, described(power.metric))} with 80% power"]


def _size(value: float, metric: Metric) -> str:
    return metric.difference(value).lstrip("+")


def _count(seeds: int | None) -> str:
    return "more than 1,000" if seeds is None else str(seeds)


def as_dict(power: SeedPower | None) -> dict[str, Any] | None:
    """The power as JSON-able values; null where there is none, and for what no number of seeds tells."""
    if power is None:
        return None
    return asdict(power) | {
        "detectable": power.detectable if math.isfinite(power.detectable) else None,
        "targets": [{"difference": target, "seeds": seeds} for target, seeds in power.targets.items()],
    }
