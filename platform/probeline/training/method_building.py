"""A trial's method, built from its recipe and initialised from its seed: the one way to it."""

import torch

from probeline.core.dataset import DatasetInfo
from probeline.core.method import Method
from probeline.experiment.resolved import ResolvedRecipe
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.training.seeds import derive


def initial_method(recipe: ResolvedRecipe, info: DatasetInfo, seed: int) -> Method:
    """The method of a resolved recipe, on the CPU, as the trial with `seed` begins its training.

    Raises UserError where weights or an optional library are missing.
    """
    torch.manual_seed(derive(seed, "init"))
    return build_method(recipe, info)


def build_method(recipe: ResolvedRecipe, info: DatasetInfo) -> Method:
    """The method of a resolved recipe with its encoder, initialised from torch's global generator.

    Raises UserError where weights or an optional library are missing.
    """
    encoder = build_encoder(recipe.encoder.as_dict(), info.sample)
    config = catalog.settings("methods", recipe.method.as_dict())
    return method_class(recipe)(config, encoder, info)


def method_class(recipe: ResolvedRecipe) -> type[Method]:
    """The class of a recipe's method."""
    return catalog.plugin_class("methods", recipe.method.name, Method)
