"""What is recorded of trials that are to be run again: recipe, numbers, and the conditions under which they came."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probeline.tracking.reading.artifact_file import read_artifact
from probeline.tracking.reading.results import store_errors
from probeline.tracking.reading.run import by_trial
from probeline.tracking.reading.runs import open_runs
from probeline.tracking.server import mlflow_names

RECIPE = "recipe.json"
DIVERGED = ("diverged/step.json", "diverged/state.safetensors")
"""What `training.divergence` leaves of a step."""

DECIDING = ("python", "torch", "torchvision", "numpy", "scipy", "scikit-learn", "pillow", "timm", "transformers")
"""The packages whose version may change a number."""


@dataclass(frozen=True)
class StoredTrial:
    """One finished trial: its recipe, None where it was not asked for or is not stored; last values; tags."""

    run_id: str
    recipe: dict[str, Any] | None
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


def stored(uri: str, trial_ids: Sequence[str], with_recipe: Sequence[str]) -> dict[str, StoredTrial]:
    """Trial id -> what is recorded of it, with the recipes of some. Raises UserError where MLflow cannot be read."""
    with store_errors(uri):
        runs = open_runs(uri)
        by_id = by_trial(runs.read(trial_ids)) if runs and trial_ids else {}
        recipes = {trial: _recipe(uri, by_id[trial].run_id) for trial in with_recipe if trial in by_id}
    return {
        trial: StoredTrial(
            run.run_id,
            recipes.get(trial),
            {mlflow_names.name(key): value for key, (value, _) in run.metrics.items()},
            run.tags,
        )
        for trial, run in by_id.items()
    }


def _recipe(uri: str, run_id: str) -> dict[str, Any] | None:
    content = read_artifact(uri, run_id, RECIPE)
    return None if content is None else json.loads(content)


def diverged_step(uri: str, run_id: str) -> tuple[dict[str, Any], bytes] | None:
    """The facts and the state of the step at which a trial diverged; None where it kept none. Raises UserError."""
    with store_errors(uri):
        facts, state = (read_artifact(uri, run_id, name) for name in DIVERGED)
    return None if facts is None or state is None else (json.loads(facts), state)


def differing(tags: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """What of a run's conditions is not as `now`, in words; () where bits should be equal.

    A run from before instruction sets were recorded is compared by its processor's name.
    """
    by_set = "probeline.instruction_set" in tags
    then, here = _versions(tags.get("probeline.versions", "{}")), _versions(now["versions"])
    both = [(name, then[name], here.get(name)) for name in DECIDING if name in then]  # others took no part
    changed = [f"{name} {before} -> {after}" for name, before, after in both if before != after]
    changed += [] if both else ["versions are not recorded"]
    before = tags.get("probeline.instruction_set" if by_set else "probeline.hardware", "")
    machine = now["instruction_set" if by_set else "hardware"]
    if by_set and before != machine:
        changed.append(f"instruction set {before or 'unknown'} -> {machine or 'unknown'}")
    elif not by_set and before.partition(",")[0] != machine.partition(",")[0]:
        changed.append(f"processor {before.partition(',')[0] or 'unknown'} -> {machine.partition(',')[0]}")
    return tuple(changed)


def _versions(text: str) -> dict[str, str]:
    try:
        versions = json.loads(text)
    except ValueError:
        return {}
    return versions if isinstance(versions, dict) else {}
