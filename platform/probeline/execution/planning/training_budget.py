"""What a plan's cells are trained with, and whether such a budget has ever been enough: lines of a plan."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from probeline.execution.planning.floors import Floor, floors, nearest
from probeline.execution.planning.plan import Plan
from probeline.experiment.problems import printable
from probeline.experiment.trial import Trial
from probeline.plugins import catalog
from probeline.tracking.reading.budgets import Trained

MAX_SHOWN = 12
LONGER = 4
"""Times the longest budget that was not enough: the guess where no recorded one was."""

Verdict = Literal["enough", "may be too few", "too few", "unknown", "no training"]


@dataclass(frozen=True)
class CellBudget:
    """Updates and samples (or pairs) of one cell, all epochs together; `floor`: what its method needed elsewhere.

    None of either where only the training tells how long an epoch is; `exact`: whether they are no guess.
    `suggested`: the epochs that would reach what was needed, or LONGER times what was not enough; None where the cell
    needs none.
    """

    label: str
    method: str
    updates: int | None
    samples: int | None
    verdict: Verdict
    floor: Floor | None
    suggested: int | None
    exact: bool = True


def of_plan(plan: Plan, trials: Sequence[Trained]) -> list[CellBudget]:
    """The budget of each cell, in the plan's order; `trials`: recorded so far."""
    recorded = floors(trials, "trials recorded here")
    first = {trial.cell.label: trial for trial in reversed(plan.trials)}
    return [_of_cell(plan, first[label], recorded) for label in plan.by_cell()]


def _of_cell(plan: Plan, trial: Trial, recorded: Sequence[Floor]) -> CellBudget:
    recipe = trial.cell.recipe
    training, method = recipe.training, recipe.method.name
    if not catalog.trains(method):
        return CellBudget(trial.cell.label, method, 0, 0, "no training", None, None)
    epoch = plan.epoch_size(trial)
    if epoch is None:
        return CellBudget(trial.cell.label, method, None, None, "unknown", None, None)
    steps = epoch.count // training.batch_size
    updates = training.epochs * steps
    floor = nearest(method, recipe.data.name, recorded) if updates else None
    verdict = _verdict(updates, floor)
    wanted = _wanted(floor) if floor is not None and verdict in ("too few", "may be too few") else None
    epochs = math.ceil(wanted / steps) if wanted and steps else None
    samples = updates * training.batch_size
    return CellBudget(trial.cell.label, method, updates, samples, verdict, floor, epochs, epoch.exact)


def _wanted(floor: Floor) -> int:
    """The updates that were enough, or a guess where none were."""
    return LONGER * floor.stuck if floor.needed is None else floor.needed


def _verdict(updates: int, floor: Floor | None) -> Verdict:
    if not updates:
        return "no training"
    if floor is None:
        return "unknown"
    if updates <= floor.stuck:
        return "too few"
    return "enough" if floor.needed is not None and updates >= floor.needed else "may be too few"


def text(budgets: Sequence[CellBudget]) -> list[str]:
    """For a person: a line for each distinct budget, and a note for each that is too few."""
    groups: dict[tuple, list[CellBudget]] = {}
    for one in budgets:
        if one.updates != 0:
            groups.setdefault((one.method, one.updates, one.samples), []).append(one)
    lines = [_line(group) for group in groups.values()]
    more = [f"  and {len(lines) - MAX_SHOWN} budgets more (--json shows all)"] if len(lines) > MAX_SHOWN else []
    return ["training of each cell:", *lines[:MAX_SHOWN], *more] if lines else []


def _line(group: Sequence[CellBudget]) -> str:
    one = group[0]
    cells = f" ({len(group)} cells)" if len(group) > 1 else ""
    if one.updates is None:
        return printable(f"  {one.label}{cells}: as many updates as its windows or listed pairs fill batches")
    counted = f"{one.updates:,} updates, {one.samples:,} {'samples' if one.exact else 'windows'}"
    return printable(f"  {one.label}{cells}: {'' if one.exact else 'about '}{counted}{_remark(one)}")


def _remark(one: CellBudget) -> str:
    floor = one.floor
    if floor is None:
        return "; no trial of this method is recorded"
    where = f"{floor.method} on {floor.data}, {floor.seeds} seeds, {floor.source}"
    if floor.needed is None:
        return f"; {one.verdict}: with {floor.stuck:,} updates it had not beaten the untrained encoder ({where})"
    if one.verdict == "enough":
        return f"; {floor.needed:,} were enough to beat the untrained encoder ({where})"
    return f"; {one.verdict}: it needed {floor.needed:,} to beat the untrained encoder ({where})"


def suggestions(budgets: Sequence[CellBudget]) -> list[str]:
    """The epochs with which the cells that have too few updates would have enough, to be written into the spec."""
    wanted = [one for one in budgets if one.suggested is not None]
    if not wanted:
        return ["suggested epochs: none; no cell is known to have too few updates"]
    lines = [printable(f"  {one.label}: training.epochs {one.suggested}{_basis(one)}") for one in wanted[:MAX_SHOWN]]
    most = max(one.suggested or 0 for one in wanted)
    return ["suggested epochs:", *lines, f"  all of them: --set training.epochs={most}"]


def _basis(one: CellBudget) -> str:
    if one.floor is None or one.floor.needed is not None:
        return ""
    return f" (a guess: {LONGER} times the longest training that was not enough)"


def as_dict(budgets: Sequence[CellBudget]) -> list[dict[str, Any]]:
    """The budgets as JSON-able values."""
    return [asdict(one) for one in budgets]
