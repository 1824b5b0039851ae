import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from probeline.core.dataset import Split
from probeline.data.settings import DatasetSettings
from probeline.data.split import hold_out, slices, stratified_order
from probeline.errors import UserError


def test_every_prefix_and_suffix_of_a_balanced_set_is_balanced():
    labels = np.repeat(np.arange(10), 50)
    ordered = labels[stratified_order(labels)]
    for rows in (ordered[:100], ordered[-50:], ordered[40:60]):
        assert len(set(np.bincount(rows, minlength=10))) == 1


@given(st.lists(st.integers(-1, 4), min_size=2, max_size=200), st.integers(1, 200))
def test_a_prefix_keeps_the_class_shares_to_one_sample(labels, count):
    labels = np.array(labels)
    order = stratified_order(labels)
    assert sorted(order) == list(range(len(labels)))
    count = min(count, len(labels))
    for label in set(labels.tolist()):
        expected = (labels == label).mean() * count
        # One for the class's own rounding and one for each class that may take its place at the edge.
        assert abs((labels[order[:count]] == label).sum() - expected) <= 1 + len(set(labels.tolist())) / 2


def test_samples_without_a_label_are_split_at_random():
    order = stratified_order(np.full(1000, -1))
    assert 400 < order[:500].mean() < 600 and (np.diff(order) != 1).mean() > 0.9


def test_the_order_is_fixed_for_ever():
    assert stratified_order(np.array([0, 0, 1, 1, 2, 2])).tolist() == [1, 3, 4, 5, 0, 2]


def test_validation_is_cut_off_the_end_and_limits_off_the_rest():
    rows = slices({"train": 1000, "test": 200}, DatasetSettings(validation=0.1, train_size=300, test_size=50))
    assert rows == {
        "train": ("train", slice(0, 300)),
        "validation": ("train", slice(900, 1000)),
        "test": ("test", slice(0, 50)),
    }


def test_a_validation_part_of_the_source_is_taken_as_it_is():
    rows = slices({"train": 1000, "validation": 70, "test": 200}, DatasetSettings(validation=0.5))
    assert rows["train"] == ("train", slice(0, 1000)) and rows["validation"] == ("validation", slice(0, 70))


def test_a_limit_above_the_size_is_the_users_mistake():
    with pytest.raises(UserError, match=r"data.train_size is 950: only 900 samples"):
        slices({"train": 1000, "test": 200}, DatasetSettings(train_size=950))


def test_what_is_held_out_and_what_is_kept_make_the_whole():
    part = Split(np.arange(60, dtype=np.uint8).reshape(60, 1, 1, 1), np.repeat(np.arange(3), 20))
    rest, held = hold_out(part, 0.2)
    assert sorted([*rest.inputs.ravel(), *held.inputs.ravel()]) == list(range(60))
    assert np.bincount(held.labels).tolist() == [4, 4, 4]
