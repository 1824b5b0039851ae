import numpy as np
from probeline.data.images.datasets import digits
from sklearn.datasets import load_digits


def test_every_digit_is_in_one_part_and_unchanged():
    parts = digits.read(digits.Config())
    together = np.concatenate([part.inputs for part in parts.values()]).reshape(-1, 64)
    expected = load_digits().data
    assert sorted(map(tuple, np.round(together / 255 * 16))) == sorted(map(tuple, expected))
    assert together.max() == 255


def test_a_fifth_of_every_class_is_for_testing():
    assert set(np.bincount(digits.read(digits.Config())["test"].labels)) <= {35, 36, 37}
