"""What a plan can tell: the differences that its seeds find, and the cells whose training has ever been enough."""

from dataclasses import dataclass
from typing import Any

from probeline.execution.planning import seed_power, training_budget
from probeline.execution.planning.plan import Plan
from probeline.execution.planning.seed_power import SeedPower
from probeline.execution.planning.training_budget import CellBudget
from probeline.tracking.reading.budgets import trained


@dataclass(frozen=True)
class Prospects:
    """`stated`: whether the spread of `power` came from the command line."""

    power: SeedPower | None
    budgets: list[CellBudget]
    stated: bool


def of_plan(plan: Plan, uri: str, spread: float | None) -> Prospects:
    """The prospects of a plan; `spread`: a stated standard deviation over the seeds of a cell. Raises UserError."""
    metric = plan.experiment.report.metric
    recorded = trained(uri, metric) if metric else []
    power = seed_power.of_plan(plan, uri, spread, recorded)
    return Prospects(power, training_budget.of_plan(plan, recorded), stated=spread is not None)


def text(prospects: Prospects, suggest: bool) -> list[str]:
    """For a person; `suggest`: with the numbers that would do."""
    lines = seed_power.text(prospects.power, prospects.stated) if prospects.power else []
    lines += training_budget.text(prospects.budgets)
    if not suggest:
        return lines
    seeds = seed_power.suggestion(prospects.power) if prospects.power else []
    return lines + training_budget.suggestions(prospects.budgets) + seeds


def as_dict(prospects: Prospects) -> dict[str, Any]:
    """The prospects as JSON-able values."""
    return {
        "power": seed_power.as_dict(prospects.power),
        "budgets": training_budget.as_dict(prospects.budgets),
    }
