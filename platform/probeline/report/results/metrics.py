"""Descriptions of metrics as the report uses them, and the metric of a report where nobody names one."""

from probeline.core.metric import MILLIONS, PERCENT, POINTS, Metric
from probeline.plugins.metrics import matches_pattern, metric, primary_metric

__all__ = [
    "FALLBACK",
    "MILLIONS",
    "PERCENT",
    "POINTS",
    "Metric",
    "matches_pattern",
    "metric",
    "primary_metric",
]

FALLBACK = "train/loss"
"""What a report is about where no protocol of the experiment has a primary metric."""
