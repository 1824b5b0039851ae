"""Trials and what they say, for the tests of tracking."""

from typing import Any

from helpers.recipes import recipe_of
from probeline.core.events import Record
from probeline.experiment.resolved import ResolvedRecipe
from probeline.experiment.trial import Cell, Trial
from probeline.tracking.writing.experiments import ExperimentInfo

RECIPE = recipe_of(
    {
        "data": {"name": "digits", "validation": 0.1},
        "method": {"name": "simclr", "temperature": 0.5, "augment": {"strength": 1.0}},
        "training": {"batch_size": 64, "online_probe": True},
        "evaluation": {"knn": {"k": 20}},
    }
)


def trial(
    number: int = 1, label: str = "simclr batch_size=64", recipe: ResolvedRecipe | None = None, **coordinates: Any
) -> Trial:
    coordinates = coordinates or {"method": "simclr", "training.batch_size": 64}
    return Trial(f"{number:016x}", f"{number + 1000:016x}", Cell(coordinates, None, recipe or RECIPE, label), number)


def arm(number: int, name: str) -> Trial:
    return Trial(f"{number:016x}", f"{number + 1000:016x}", Cell({}, name, RECIPE, name), number)


def info(name: str = "quickstart") -> ExperimentInfo:
    return ExperimentInfo(name, "# Does batch size matter?", "name: quickstart\n", {"probeline.scale": "smoke"})


def curve(steps: int, name: str = "train/loss", start: int = 1) -> list[Record]:
    return [Record(name, 1.0 / step, step) for step in range(start, start + steps)]
