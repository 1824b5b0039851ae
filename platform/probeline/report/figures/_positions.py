"""Where the values of an axis are drawn: by their size where that spreads them well, else in equal steps."""

import numpy as np

from probeline.report.cells import is_number


def positions(values: tuple) -> dict:
    """x value -> place on the axis; places closer than a twelfth of the axis give way to equal steps."""
    steps = {value: float(i) for i, value in enumerate(values)}
    if not all(map(is_number, values)) or len(values) < 3:
        return steps
    logarithmic = min(values) > 0 and max(values) / min(values) >= 4
    at = {value: float(np.log2(value)) if logarithmic else float(value) for value in values}
    gaps = np.diff(sorted(at.values()))
    return at if gaps.min() >= (max(at.values()) - min(at.values())) / 12 else steps
