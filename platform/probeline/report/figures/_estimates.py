"""A cell's result as a row of a figure's frame: mean, interval, seeds and what hovering says."""

from typing import Any

import numpy as np

from probeline.report.figures import _style
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import Metric
from probeline.report.sentences import phrases


def row(cell: CellResult, metric: Metric) -> dict[str, Any]:
    """Columns cell, line, arm, n, mean, low, high (NaN where there is none), points, hover, hovers by seed."""
    result = cell.estimate
    low, high = (result.interval.low, result.interval.high) if result.interval else (np.nan, np.nan)
    words = [_style.text(why) for why in cell.missing[:6]]
    level = f"{metric.text(result.mean)} ({phrases.interval(result, metric)})" if result.n else "no result"
    return {
        "cell": cell.label, "line": cell.line, "arm": cell.arm, "n": result.n, "mean": result.mean,
        "low": metric.clip(low), "high": metric.clip(high), "points": cell.values,
        "hover": _style.hover(
            f"<b>{_style.text(cell.label)}</b>", f"{level}, {_style.text(metric.title)}" if result.n else level,
            _style.identities(cell.trials), *words,
        ),
        "hovers": {
            seed: _style.hover(f"seed {seed}: {metric.text(value)}", f"trial {_style.text(cell.trials[seed])}")
            for seed, value in cell.values.items()
        },
    }  # fmt: skip
