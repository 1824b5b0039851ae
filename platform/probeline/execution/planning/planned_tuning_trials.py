"""The trials that studies will ask for, as far as they can be foreseen: enough to price them."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from probeline.execution.planning.plan import Plan
from probeline.experiment.canonical import canonical_json
from probeline.experiment.identity import DIGITS
from probeline.experiment.trial import Trial
from probeline.experiment.tuned import Study
from probeline.experiment.tuning import Range


def trials(plan: Plan) -> list[Trial]:
    """All that a run would do, in its order: one seed of the chosen cells, the studies in turn, then seed by seed.

    Tuning trials and winners stand at values in the middle of their space, under ids that no run has.
    """
    if not plan.studies:
        return plan.todo
    seeds = {seed: number for number, seed in enumerate(plan.experiment.seed_values)}
    first = [trial for trial in plan.todo if seeds[trial.seed] == 0]
    later = [trial for trial in plan.todo if seeds[trial.seed] > 0]
    in_turn = zip_longest(*(tuning(study, _tried(plan, study)) for study in plan.studies))
    later += [winner(study, seed) for study in plan.studies for seed in seeds]
    tuned = [trial for group in in_turn for trial in group if trial is not None]
    return [*first, *tuned, *sorted(later, key=lambda trial: seeds[trial.seed])]


def tuning(study: Study, tried: int) -> list[Trial]:
    """The tuning trials that a study has still to ask for after `tried` points, one for each point and seed."""
    alike: dict[str, Trial] = {}
    trials = []
    for number in range(tried, study.tune.points):
        given = values(study.tune.space, number)
        key = canonical_json(given)
        trial = alike[key] = alike.get(key) or study.tuning_trial(given, study.tune.seeds[0])
        for seed in study.tune.seeds:
            trials.append(_renamed(replace(trial, seed=seed), f"{study.id}:{number}:{seed}"))
    return trials


def winner(study: Study, seed: int) -> Trial:
    """A winner's trial before it is chosen: with the id that it has in a plan."""
    return replace(study.waiting(seed), cell=study.cell_with(values(study.tune.space, 0)))


def values(space: Mapping[str, Range], number: int) -> dict[str, Any]:
    """What the point of this number may be: choices in turn, ranges at their middle."""
    return {key: _middle(given, number) for key, given in space.items()}


def _middle(given: Range, number: int) -> Any:
    if given.choice is not None:
        return given.choice[number % len(given.choice)]
    low, high = given.ends
    if given.int_:
        return (low + high) // 2
    return math.sqrt(low * high) if given.log_uniform else (low + high) / 2


def _tried(plan: Plan, study: Study) -> int:
    return plan.progress[study.id].tried if study.id in plan.progress else 0


def _renamed(trial: Trial, of: str) -> Trial:
    """Two points in the middle are two encoders to train."""
    digest = hashlib.sha256(f"expected:{of}".encode()).hexdigest()
    return replace(trial, id=digest[:DIGITS], encoder_id=digest[-DIGITS:])
