import numpy as np
import pytest
import torch
from probeline.data.pair_sampler import BalancedPairs
from probeline.errors import BadData

LABELS = np.array([0, 1, 0, 2, 1, 0, -1, 1, 3])


def test_half_of_the_pairs_are_of_one_class_and_no_sample_is_paired_with_itself():
    plan = BalancedPairs(LABELS, 40).plan(0, 0, 8)
    first, second = plan.rows
    labels = torch.from_numpy(LABELS)
    assert plan.rows.shape == (2, 40) and plan.same.sum() == 20
    assert (labels[first] == labels[second]).equal(plan.same)
    assert (first != second).all() and (labels[plan.rows] >= 0).all()


def test_every_sample_is_in_about_as_many_pairs_and_meets_every_partner():
    plan = BalancedPairs(LABELS, 1400).plan(0, 0, 8)
    first, second = plan.rows
    equal, unequal = first[plan.same].bincount(minlength=9), first[~plan.same].bincount(minlength=9)
    assert equal[[0, 1, 2, 4, 5, 7]].max() - equal[[0, 1, 2, 4, 5, 7]].min() <= 1 and equal[[3, 6, 8]].sum() == 0
    assert unequal[[0, 1, 2, 3, 4, 5, 7, 8]].max() - unequal[[0, 1, 2, 3, 4, 5, 7, 8]].min() <= 1
    assert set(second[(first == 3) & ~plan.same].tolist()) == {0, 1, 2, 4, 5, 7, 8}
    assert set(second[(first == 0) & plan.same].tolist()) == {2, 5}


def test_epochs_have_new_pairs_or_the_same_in_another_order():
    def pairs(plan):
        return sorted(zip(*plan.rows.tolist(), plan.same.tolist(), strict=True))

    redrawn = [BalancedPairs(LABELS, 12).plan(0, epoch, 4) for epoch in (0, 1)]
    fixed = [BalancedPairs(LABELS, 12, redraw=False).plan(0, epoch, 4) for epoch in (0, 1)]
    assert pairs(redrawn[0]) != pairs(redrawn[1])
    assert pairs(fixed[0]) == pairs(fixed[1]) and not fixed[0].rows.equal(fixed[1].rows)
    assert BalancedPairs(LABELS, 12).steps(5) == 2


@pytest.mark.parametrize(("labels", "message"), [([0, 1, 2], "no class has two"), ([0, 0, -1], "one class")])
def test_labels_that_make_no_pairs_are_refused(labels, message):
    with pytest.raises(BadData, match=message):
        BalancedPairs(np.array(labels), 4).plan(0, 0, 2)
