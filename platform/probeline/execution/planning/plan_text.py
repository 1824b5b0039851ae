"""A plan, and what became of an experiment, as text for a person and as JSON-able values for programs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from probeline.core.count_of import count_of
from probeline.execution.planning import seed_waves
from probeline.execution.planning.plan import Plan
from probeline.execution.ray.retry_policy import rule
from probeline.experiment.problems import printable
from probeline.experiment.resources import Resources
from probeline.plugins import catalog


def as_dict(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-able values, for programs."""
    return {
        "name": plan.experiment.name,
        "scale": plan.experiment.scale,
        "counts": plan.counts(),
        "to_run": len(plan.todo),
        "plugins": {name: str(file) for name, file in catalog.external_plugins().items()},
        "resources": plan.experiment.resources.model_dump(),
        "cells": [{"label": label, **counts} for label, counts in plan.by_cell().items()],
        "comparisons": seed_waves.as_dict(plan.waves) if plan.waves else [],
        "trials": rows(plan),
        "notes": plan.notes,
    }


def rows(plan: Plan) -> list[dict[str, Any]]:
    """A row a trial: id, encoder, cell, seed, and its status."""
    return [
        {
            "trial_id": trial.id,
            "encoder_id": trial.encoder_id,
            "cell": trial.cell.label,
            "seed": trial.seed,
            **asdict(plan.statuses[trial.id]),
        }
        for trial in plan.trials
    ]


def text(plan: Plan, most: int = 40) -> str:
    """The plan for a person: the headline, resources, at most `most` cells, remarks."""
    experiment, cells_ = plan.experiment, plan.by_cell()
    resources = experiment.resources
    seeds = (
        f" x {count_of(len(experiment.seed_values), 'seed')} ="
        if plan.waves is None
        else ", seeds until decided, by now"
    )
    lines = [
        f"{experiment.name}: {count_of(len(cells_), 'cell')}{seeds} {count_of(len(plan.trials), 'trial')}"
        + (f", scale {experiment.scale}" if experiment.scale else ""),
        f"to run: {len(plan.todo)}   ({in_words(plan.counts())})",
        *_studies_text(plan),
        *(seed_waves.text(plan.waves) if plan.waves else ()),
        f"each trial gets {resources_text(resources)}",
        "",
    ]
    rows = [(printable(label), counts) for label, counts in list(cells_.items())[:most]]
    width = max((len(label) for label, _ in rows), default=0)
    lines += [f"  {label:{width}}  {in_words(counts)}" for label, counts in rows]
    if len(cells_) > most:
        lines.append(f"  and {count_of(len(cells_) - most, 'cell')} more (--json shows all)")
    return "\n".join(lines + [printable(f"note: {note}") for note in plan.notes])


def resources_text(resources: Resources) -> str:
    """`1 CPU and 0 GPU`, or `4 workers with 1 CPU and 1 GPU each`."""
    each = f"{resources.each['CPU']:g} CPU and {resources.each['GPU']:g} GPU"
    return each if resources.workers == 1 else f"{resources.workers} workers with {each} each"


def _studies_text(plan: Plan) -> list[str]:
    tune = plan.experiment.tune
    if not plan.studies or tune is None:
        return []
    each = f"{count_of(tune.points, 'trial')} x {count_of(len(tune.seeds), 'seed')} ({tune.sampler}, by {tune.metric})"
    return [f"to tune: {count_of(len(plan.studies), 'cell')}, each with {each}"]


def headline(plan: Plan) -> str:
    """What a run of the plan is about to do, in a line."""
    tuning = f", {count_of(len(plan.studies), 'cell')} to tune" if plan.studies else ""
    done = f"{plan.counts().get('finished', 0)} of {len(plan.trials)} already done"
    return f"{plan.experiment.name}: {count_of(len(plan.todo), 'trial')} to run{tuning}, {done}"


def status_text(plan: Plan) -> str:
    """What became of the experiment, for a person: counts by cell, then each failure with its reason."""
    failed = [(trial, plan.statuses[trial.id]) for trial in plan.trials if plan.statuses[trial.id].failure is not None]
    reasons = []
    for trial, status in failed:
        policy = rule(status.failure)
        what = policy.group if status.failure in (None, policy.group) else f"{policy.group} ({status.failure})"
        reasons.append(printable(f"{what}  {trial.cell.label} seed={trial.seed}  trial {trial.id}: {status.message}"))
        then = "the next run tries it again" if policy.again else "it is not run again: the same seed fails again"
        reasons.append(f"    {policy.remedy}; {then}")
    return "\n".join([text(plan), *([""] if reasons else []), *reasons])


def in_words(counts: Mapping[str, int]) -> str:
    """`3 finished, 1 new`."""
    return ", ".join(f"{count} {status}" for status, count in counts.items()) or "nothing"
