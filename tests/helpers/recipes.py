"""Resolved recipes from what their JSON says, with what a test does not care for filled in."""

from collections.abc import Mapping
from typing import Any

from probeline.experiment.resolved import ResolvedComponent, ResolvedRecipe, evaluation_of
from probeline.experiment.schema import Training

SECTIONS: dict[str, Any] = {"data": {"name": "digits"}, "encoder": {"name": "resnet"}, "method": {"name": "simclr"}}


def recipe_of(sections: Mapping[str, Any]) -> ResolvedRecipe:
    """The recipe with these sections; defaults are not filled in but for those of the training."""
    full = SECTIONS | {"training": {}, "evaluation": {}} | dict(sections)
    return ResolvedRecipe(
        *(ResolvedComponent.from_dict(full[name]) for name in SECTIONS),
        Training.model_validate(full["training"]),
        evaluation_of(full["evaluation"]),
    )
