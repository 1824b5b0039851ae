"""Where the values of an axis are drawn: by their size where that spreads them well, else in equal steps; its ends."""

from collections.abc import Sequence

import numpy as np

from probeline.report.results.axis_values import is_number

MAX_BANDS = 8
NO_BANDS = f"More than {MAX_BANDS} lines: their intervals would hide each other, and are on hover and in the table."


def positions(values: tuple) -> dict:
    """x value -> position on the axis; positions closer than a twelfth of the axis give way to equal steps."""
    steps = {value: float(i) for i, value in enumerate(values)}
    if not all(map(is_number, values)) or len(values) < 3:
        return steps
    logarithmic = min(values) > 0 and max(values) / min(values) >= 4
    at = {value: float(np.log2(value)) if logarithmic else float(value) for value in values}
    gaps = np.diff(sorted(at.values()))
    return at if gaps.min() >= (max(at.values()) - min(at.values())) / 12 else steps


def reach(seeds: Sequence[float], lows: Sequence[float], highs: Sequence[float]) -> tuple[float, float, bool]:
    """Bottom and top of a y axis: all seeds, and intervals as far as they do not squeeze the seeds together.

    And whether some interval runs past them. An interval that is not there is NaN.
    """
    low, high = min(seeds), max(seeds)
    span = max(high - low, abs(high) * 0.02, 1e-9)
    bottom, top = np.nanmin([low, *lows]), np.nanmax([high, *highs])
    wanted = max(bottom, low - 0.6 * span), min(top, high + 0.6 * span)
    pad = 0.06 * max(wanted[1] - wanted[0], span)
    return wanted[0] - pad, wanted[1] + pad, bool(bottom < wanted[0] or top > wanted[1])
