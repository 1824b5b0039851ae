"""Measurement of a metric: the noise of its finite test set, and whether any part of a trial depends on the seed."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from probeline.errors import UserError
from probeline.plugins import catalog
from probeline.plugins.metrics import metric
from probeline.statistics.intervals import Measurement

PSEUDO_COUNT = 2  # right and wrong samples added to each


def measurement(
    name: str,
    recipe: Mapping[str, Any],
    test_samples: float | None,
    values: Sequence[float],
    errors: Sequence[float] = (),
) -> Measurement:
    """How a cell's `values` of a metric were measured.

    Args:
        name: The metric's stored name, such as `linear_probe/top1`.
        recipe: The cell's recipe, which tells whether any part of it depends on the seed.
        test_samples: Size of the test split; None where it was not recorded.
        errors: What the trials have recorded under `error_of(name)`.
    """
    variance = math.fsum(error * error for error in errors) / len(errors) if errors else None
    if metric(name).share_of_test and test_samples is not None and test_samples > 0 and values:
        variance = binomial_variance(values, int(test_samples))
    return Measurement(variance, is_deterministic(name, recipe))


def error_of(name: str) -> str | None:
    """The stored name of the metric that holds a metric's standard error; None where its protocol records none."""
    declared = metric(name).standard_error
    return f"{name.partition('/')[0]}/{declared}" if declared else None


def binomial_variance(shares: Sequence[float], samples: int) -> float:
    """The mean variance of shares of `samples` Bernoulli trials.

    With two successes and two failures added to each (Agresti and Coull 1998, "Approximate is better than 'exact' for
    interval estimation of binomial proportions"): a share of 1 has noise too, and the standard error is never below the
    share's own step, 1 / samples.
    """
    adjusted = [(share * samples + PSEUDO_COUNT) / (samples + 2 * PSEUDO_COUNT) for share in shares]
    return math.fsum(share * (1 - share) for share in adjusted) / len(shares) / samples


def is_deterministic(name: str, recipe: Mapping[str, Any]) -> bool:
    """Whether no part of the recipe that decides a metric depends on the seed, such as a probe of the raw pixels.

    Goes by what plug-ins declare (`DETERMINISTIC`), not by equal values. Plug-ins that are not installed, or are not
    Probeline's, count as seeded.
    """
    method, encoder = (_component(recipe, section) for section in ("method", "encoder"))
    if "name" not in method or "name" not in encoder:
        return False
    is_loaded = encoder.get("weights") is not None
    return _is_deterministic(method["name"], encoder["name"], is_loaded, name.partition("/")[0])


@cache
def _is_deterministic(method: str, encoder: str, is_loaded: bool, protocol: str) -> bool:
    """`is_loaded`: the encoder starts from a checkpoint, which sets all of its weights."""
    named = {"methods": method, "encoders": encoder.partition("/")[0], "protocols": protocol}
    if any(name not in catalog.names(kind) for kind, name in named.items()):
        return False
    try:
        untrained = catalog.is_deterministic("methods", method)
        fixed_encoder = is_loaded or catalog.is_deterministic("encoders", encoder)
        return untrained and fixed_encoder and catalog.is_deterministic("protocols", protocol)
    except UserError:
        return False


def _component(recipe: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    component = recipe.get(section)
    return component if isinstance(component, Mapping) else {}
