"""The metrics of a results frame: their descriptions, and the one that a report is about where nobody names one."""

import pandas as pd

from probeline.core.metric import MILLIONS, PERCENT, POINTS, Metric
from probeline.plugins.metrics import matches_pattern, metric, primary_metric

__all__ = [
    "FALLBACK",
    "MILLIONS",
    "PERCENT",
    "POINTS",
    "Metric",
    "main_metric",
    "matches_pattern",
    "metric",
    "primary_metric",
]

FALLBACK = "train/loss"
"""What a report is about where no protocol of the experiment has a primary metric."""


def main_metric(trials: pd.DataFrame) -> str:
    """The primary metric of the first protocol that the trials' recipes evaluate and that has one."""
    recipes = (recipe for recipe in trials.get("recipe", ()) if isinstance(recipe, dict))
    evaluations = (recipe.get("evaluation") for recipe in recipes)
    primary = primary_metric(next((protocols for protocols in evaluations if protocols), ()))
    if primary is None:
        return FALLBACK
    return next((name for name in map(str, trials.columns) if matches_pattern(primary, name)), primary)
