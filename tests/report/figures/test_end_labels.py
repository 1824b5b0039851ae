import numpy as np
from probeline.report.figures import _end_labels


def test_labels_stand_apart_and_in_order():
    placed = _end_labels.spread({"a": 0.50, "b": 0.501, "c": 0.9, "d": 0.91}, 0.05, 0.0, 1.0)
    assert np.diff(list(placed.values())).min() >= 0.05 - 1e-9 and list(placed) == ["a", "b", "c", "d"]
    assert max(placed.values()) <= 1.0
