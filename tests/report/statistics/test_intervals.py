import math

import numpy as np
import pytest
from probeline.report.statistics import intervals
from probeline.report.statistics.intervals import (
    estimate,
    estimates,
    improvement,
    p_value,
    paired_difference,
    paired_differences,
)
from scipy import stats


def test_a_mean_of_three_seeds_has_the_known_t_interval():
    result = estimate([1.0, 2.0, 3.0])
    assert (result.n, result.mean) == (3, 2.0)
    assert result.student.low == pytest.approx(2 - 4.302653 / math.sqrt(3), abs=1e-5)
    assert result.student.high == pytest.approx(2 + 4.302653 / math.sqrt(3), abs=1e-5)


def test_the_t_interval_is_that_of_scipy():
    values = np.random.default_rng(0).normal(size=8)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (estimate(values).student.low, estimate(values).student.high) == pytest.approx(tuple(theirs))


def test_with_many_values_the_interval_is_that_of_scipys_bca():
    values = np.random.default_rng(1).gamma(4, size=400)
    theirs = stats.bootstrap((values,), np.mean, method="BCa", random_state=0).confidence_interval
    ours, width = estimate(values).interval, theirs.high - theirs.low
    assert abs(ours.low - theirs.low) < 0.1 * width
    assert abs(ours.high - theirs.high) < 0.1 * width


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_the_interval_holds_the_true_mean_about_as_often_as_it_says(n):
    drawn = np.random.default_rng(n).normal(size=(300, n))
    held = sum(result.low <= 0 <= result.high for result in (estimate(values).interval for values in drawn))
    assert 0.91 <= held / len(drawn) <= 0.99


def test_the_same_values_give_the_same_interval_whatever_ran_before():
    first = estimate([0.70, 0.72, 0.69]).interval
    np.random.default_rng().normal(size=10)
    assert estimate([0.70, 0.72, 0.69]).interval == first


def test_many_samples_together_are_each_as_alone():
    rng = np.random.default_rng(4)
    samples = [rng.normal(size=n) for n in (3, 5, 3, 1, 0, 5, *[4] * 70)] + [[0.2, 0.2]]
    for together, alone in zip(estimates(samples), map(estimate, samples), strict=True):
        assert together.n == alone.n and (together.interval is None) == (alone.interval is None)
        if alone.interval:
            assert together.interval.low == pytest.approx(alone.interval.low, abs=1e-12)
            assert together.interval.high == pytest.approx(alone.interval.high, abs=1e-12)


def test_an_interval_is_that_of_resampling_one_value_after_the_other():
    values, n = np.array([0.70, 0.74, 0.69, 0.71]), 4
    rng = np.random.default_rng(intervals.SEED)
    chosen, noise = rng.integers(0, n, (10_000, n)), n**-0.2 * rng.standard_normal((10_000, n))
    drawn = ((values - values.mean()) / values.std(ddof=1))[chosen] + noise
    t = drawn.mean(axis=1) / (drawn.std(axis=1, ddof=1) / 2)
    low, high = np.quantile(t, [0.025, 0.975]) * values.std(ddof=1) / 2
    assert estimate(values).interval.low == pytest.approx(values.mean() - high)
    assert estimate(values).interval.high == pytest.approx(values.mean() - low)


def test_shifting_and_stretching_values_shifts_and_stretches_the_interval():
    plain, moved = estimate([1.0, 2.0, 4.0]).interval, estimate([12.0, 14.0, 18.0]).interval
    assert (moved.low, moved.high) == pytest.approx((2 * plain.low + 10, 2 * plain.high + 10))


def test_one_seed_has_no_interval():
    result = estimate([0.5])
    assert (result.n, result.mean, result.interval, result.student) == (1, 0.5, None, None)


def test_no_seed_has_no_mean():
    result = estimate([])
    assert result.n == 0 and math.isnan(result.mean) and result.interval is None


def test_seeds_that_agree_to_the_bit_have_an_interval_without_width():
    result = estimate([0.1, 0.1, 0.1])
    assert result.exact and result.interval.low == result.mean == 0.1


def test_a_value_that_is_not_finite_is_refused_and_not_dropped():
    with pytest.raises(ValueError, match="finite"):
        estimate([0.5, math.nan])


def test_differences_pair_seeds_and_name_those_left_out():
    gap = paired_difference({0: 0.7, 1: 0.8, 2: 0.9}, {0: 0.6, 2: 0.7, 3: 0.5})
    assert gap.seeds == (0, 2) and gap.unpaired == (1, 3)
    assert gap.values == pytest.approx((0.1, 0.2))
    assert gap.estimate.mean == pytest.approx(0.15)


def test_many_pairs_together_are_each_as_alone():
    pairs = [({0: 0.7, 1: 0.8, 2: 0.9}, {0: 0.6, 2: 0.7, 3: 0.5}), ({0: 0.7}, {1: 0.6}), ({}, {}), ({0: 1.0}, {0: 0.0})]
    assert [str(gap) for gap in paired_differences(pairs)] == [str(paired_difference(*pair)) for pair in pairs]


def test_pairing_cancels_what_seeds_share():
    theirs = dict(enumerate([0.50, 0.60, 0.70, 0.80]))
    ours = {seed: value + 0.02 + 0.001 * seed for seed, value in theirs.items()}
    assert paired_difference(ours, theirs).verdict == "higher"
    assert paired_difference(theirs, ours).verdict == "lower"


def test_the_verdict_is_unclear_where_the_interval_holds_zero_or_is_not_there():
    assert paired_difference({0: 0.7, 1: 0.6}, {0: 0.6, 1: 0.7}).verdict == "unclear"
    assert paired_difference({0: 0.7}, {0: 0.6}).verdict == "unclear"
    assert paired_difference({}, {0: 0.6}).verdict == "unclear"
    assert paired_difference({0: 0.7, 1: 0.7}, {0: 0.7, 1: 0.7}).verdict == "equal"


def test_the_probability_of_improvement_is_mann_whitneys_u_over_all_pairs():
    ours, theirs = [0.7, 0.8, 0.6, 0.7], [0.65, 0.7, 0.5]
    u = stats.mannwhitneyu(ours, theirs).statistic
    assert improvement(ours, theirs) == pytest.approx(u / 12)
    assert improvement([1, 2], [1, 2]) == 0.5
    assert math.isnan(improvement([], [1]))


def test_the_probability_of_improvement_is_that_of_rliable():
    theirs = pytest.importorskip("rliable.metrics", reason="rliable is in the extra `bench`")
    ours, others = np.random.default_rng(8).random((2, 6, 1)).round(1)
    found = improvement(ours[:, 0], others[:, 0])
    assert found == pytest.approx(theirs.probability_of_improvement(ours, others))


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0, 2.0, 4.0])
def test_the_p_value_is_below_5_percent_where_the_interval_leaves_zero_out(shift):
    values = np.random.default_rng(5).normal(size=6) + shift
    interval = estimate(values).interval
    assert (p_value(values) < 0.05) == (not interval.low <= 0 <= interval.high)


def test_with_many_values_the_p_value_is_students():
    values = np.random.default_rng(6).normal(0.15, size=200)
    assert p_value(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.01)


def test_one_value_has_no_p_value_and_equal_values_a_certain_one():
    assert math.isnan(p_value([0.3])) and p_value([0.0, 0.0]) == 1 and p_value([0.2, 0.2]) == 0
