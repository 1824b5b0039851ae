import numpy as np
import pytest
import torch
from probeline.errors import NotApplicable
from probeline.evaluation import _error_rates as rates_of

SCORES = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0])
SAME = np.array([True, True, False, True, False, True, False, False])


def random_pairs(count=400, seed=0, steps=None):
    random = np.random.default_rng(seed)
    same = random.random(count) < 0.4
    scores = random.normal(same * 1.2, 1)
    return (scores if steps is None else np.round(scores * steps) / steps), same


def eer(scores, same):
    return rates_of.equal_error_rate(rates_of.error_rates(scores, same))


def test_eight_pairs_give_the_rates_worked_out_by_hand():
    rates = rates_of.error_rates(SCORES, SAME)
    assert rates.fmr.tolist() == [0, 0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 1]
    assert rates.fnmr.tolist() == [1, 0.75, 0.5, 0.5, 0.25, 0.25, 0, 0, 0]
    assert rates_of.equal_error_rate(rates) == 0.25
    assert rates_of.area_under_curve(SCORES, SAME) == 13 / 16
    assert rates_of.fnmr_at(rates, 0.3) == 0.25 and rates_of.fnmr_at(rates, 0.2) == 0.5
    assert rates_of.rejected_at(rates, 0.75) == 0.75 and rates_of.rejected_at(rates, 0.8) == 0.5


def test_between_two_thresholds_the_equal_error_rate_is_on_the_line():
    # After the first threshold FMR 0, FNMR 1/2; after the second, which two share, FMR 1, FNMR 0.
    scores, same = np.array([2.0, 1.0, 1.0]), np.array([True, True, False])
    assert eer(scores, same) == pytest.approx(1 / 3)


def test_separated_pairs_have_no_error_and_exchanged_ones_nothing_else():
    scores, same = np.arange(10.0), np.arange(10) >= 5
    assert eer(scores, same) == 0 and rates_of.area_under_curve(scores, same) == 1
    assert eer(scores, ~same) == 1 and rates_of.area_under_curve(scores, ~same) == 0


def test_equal_scores_of_all_pairs_tell_nothing():
    scores = np.zeros(8)
    assert eer(scores, SAME) == 0.5 and rates_of.area_under_curve(scores, SAME) == 0.5
    rates = rates_of.error_rates(scores, SAME)
    assert rates_of.fnmr_at(rates, 0.01) == 1 and rates_of.rejected_at(rates, 0.955) == 0


@pytest.mark.parametrize("steps", [None, 2])
def test_neither_the_order_of_pairs_nor_a_rising_function_of_scores_matters(steps):
    scores, same = random_pairs(steps=steps)
    order = np.random.default_rng(1).permutation(len(scores))
    expected = eer(scores, same)
    assert eer(scores[order], same[order]) == expected
    assert eer(np.exp(scores) - 7, same) == expected
    assert eer(-scores, ~same) == pytest.approx(expected), "unequal pairs as equal ones, scores reversed"


@pytest.mark.parametrize("steps", [None, 2])
def test_it_agrees_with_torchmetrics_and_scikit_learn(steps):
    torchmetrics = pytest.importorskip("torchmetrics", reason="the extra [test] is not installed")
    from sklearn.metrics import roc_auc_score, roc_curve

    scores, same = random_pairs(steps=steps)
    rates = rates_of.error_rates(scores, same)
    fmr, accepted, _ = roc_curve(same, scores, drop_intermediate=False)
    np.testing.assert_allclose(rates.fmr, fmr)
    np.testing.assert_allclose(1 - rates.fnmr, accepted)
    assert rates_of.area_under_curve(scores, same) == pytest.approx(roc_auc_score(same, scores), abs=1e-12)
    probabilities = torch.from_numpy(1 / (1 + np.exp(-scores)))
    theirs = torchmetrics.functional.classification.binary_eer(probabilities, torch.from_numpy(same).long())
    step = np.abs(np.diff(rates.fmr)).max() + np.abs(np.diff(rates.fnmr)).max()
    assert abs(eer(scores, same) - float(theirs)) <= step / 2, "they take the middle of the nearest threshold's rates"


def test_the_detection_cost_is_weighed_by_the_share_of_equal_pairs_and_1_where_scores_tell_nothing():
    scores, same = np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, False, True, False])
    rates = rates_of.error_rates(scores, same)
    assert rates_of.min_detection_cost(rates, 0.5) == pytest.approx(0.5)  # one miss, or one false match, of two
    assert rates_of.min_detection_cost(rates, 0.2) == pytest.approx(0.2 * 0.5 / 0.2)
    assert rates_of.min_detection_cost(rates_of.error_rates(np.ones(4), same), 0.01) == 1
    assert rates_of.min_detection_cost(rates_of.error_rates(-scores, ~same), 0.01) == pytest.approx(0.5)


def test_the_best_threshold_is_between_scores_and_in_the_middle_of_the_best():
    scores, same = np.array([1.0, 2.0, 5.0, 6.0]), np.array([False, False, True, True])
    assert rates_of.best_threshold(scores, same) == 3.5
    assert rates_of.accuracy_at(scores, same, 3.5) == 1.0
    assert rates_of.accuracy_at(scores, same, 5.5) == 0.75
    assert rates_of.best_threshold(scores, np.array([False] * 3 + [True])) == 5.5
    assert rates_of.best_threshold(scores, np.array([True] + [False] * 3)) > 6, "to accept none is best"


def test_each_group_has_a_threshold_of_its_own():
    scores = np.array([1.0, 2.0, 11.0, 12.0])  # the second group's scores are all higher
    same, groups = np.array([False, True, False, True]), np.array([0, 0, 1, 1])
    assert eer(scores, same) == 0.5
    assert rates_of.mean_over_groups(scores, same, groups) == 0
    assert rates_of.mean_over_groups(scores, same, np.array([0, 0, 0, 1])) is None, "a group without unequal pairs"


def test_the_bootstrap_draws_whole_groups_and_always_the_same_ones():
    scores, same = random_pairs(600)
    alone = rates_of.bootstrap_interval(scores, same, np.arange(600), 300)
    assert alone == rates_of.bootstrap_interval(scores, same, np.arange(600), 300)
    assert alone[0] < eer(scores, same) < alone[1]
    # Every pair 10 times: as many pairs as 6,000, yet no more is learned of people.
    often, answers, groups = np.repeat(scores, 10), np.repeat(same, 10), np.repeat(np.arange(600), 10)
    low, high = rates_of.bootstrap_interval(often, answers, groups, 300)
    assert high - low == pytest.approx(alone[1] - alone[0], rel=0.1)
    low, high = rates_of.bootstrap_interval(often, answers, np.arange(6000), 300)
    assert high - low < 0.6 * (alone[1] - alone[0]), "pairs taken as independent promise too much"
    assert rates_of.bootstrap_interval(scores, same, np.zeros(600), 300) is None


def test_one_resample_is_the_rate_of_the_groups_that_were_drawn():
    scores, same = random_pairs(60)
    groups = np.arange(60) // 6
    random = np.random.Generator(np.random.PCG64(0))
    times = random.multinomial(10, np.full(10, 0.1), size=1)[0]
    repeated = np.repeat(np.arange(60), times[groups])
    low, high = rates_of.bootstrap_interval(scores, same, groups, 1)
    assert low == high == pytest.approx(eer(scores[repeated], same[repeated]))


def test_pairs_of_one_kind_and_scores_that_are_no_numbers_are_refused():
    with pytest.raises(NotApplicable, match="there are 8 and 0"):
        rates_of.error_rates(SCORES, np.ones(8, bool))
    with pytest.raises(NotApplicable, match="there are 0 and 0"):
        rates_of.error_rates(SCORES[:0], SAME[:0])
    with pytest.raises(NotApplicable, match="1 of 8 scores are not finite"):
        rates_of.error_rates(np.where(SCORES == 9, np.nan, SCORES), SAME)
