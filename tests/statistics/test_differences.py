import itertools
import math

import numpy as np
import pytest
from probeline.statistics.differences import Scores, average, improvement, paired_difference
from probeline.statistics.intervals import Basis, Measurement
from probeline.statistics.measurement import binomial_variance
from scipy import stats


def scores(*values, **measurement):
    return Scores(dict(enumerate(values)), Measurement(**measurement))


def accuracies(*values, samples=100):
    return scores(*values, variance=binomial_variance(values, samples))


def test_differences_pair_seeds_and_name_those_without_a_partner():
    gap = paired_difference(Scores({0: 0.7, 1: 0.8, 2: 0.9}), Scores({0: 0.6, 2: 0.7, 3: 0.5}))
    assert gap.seeds == (0, 2) and gap.unpaired == (1, 3)
    assert gap.values == pytest.approx((0.1, 0.2))
    assert gap.estimate.mean == pytest.approx(0.15)


def test_pairing_cancels_what_seeds_share():
    theirs = [0.50, 0.60, 0.70, 0.80]
    ours = [value + 0.02 + 0.001 * seed for seed, value in enumerate(theirs)]
    assert paired_difference(scores(*ours), scores(*theirs)).verdict == "higher"
    assert paired_difference(scores(*theirs), scores(*ours)).verdict == "lower"


def test_the_verdict_is_unclear_where_the_interval_holds_zero_or_is_not_there():
    assert paired_difference(scores(0.7, 0.6), scores(0.6, 0.7)).verdict == "unclear"
    assert paired_difference(scores(0.7), scores(0.6)).verdict == "unclear"
    assert paired_difference(Scores({}), scores(0.6)).verdict == "unclear"
    assert paired_difference(scores(0.7, 0.7), scores(0.7, 0.7)).verdict == "equal"


def test_neither_the_order_of_seeds_nor_which_side_comes_first_changes_p_or_interval():
    for values in itertools.permutations([3.22, 1.39, 2.05]):
        gap = paired_difference(scores(*values), scores(0.0, 0.0, 0.0))
        mirrored = paired_difference(scores(0.0, 0.0, 0.0), scores(*values))
        assert gap.p == mirrored.p == pytest.approx(stats.ttest_1samp([3.22, 1.39, 2.05], 0).pvalue)
        assert gap.estimate.interval.low == -mirrored.estimate.interval.high > 0 - 4
        assert gap.verdict == mirrored.verdict == "unclear"


@pytest.mark.parametrize("samples", [100, 500, 5000])
def test_two_equal_differences_of_accuracies_are_no_evidence(samples):
    gap = paired_difference(accuracies(0.62, 0.58, samples=samples), accuracies(0.61, 0.57, samples=samples))
    interval = gap.estimate.interval
    assert gap.verdict == "unclear" and gap.estimate.basis is Basis.TEST_SET and gap.p > 0.1
    assert interval.high - interval.low > 2 / samples


def test_two_equal_differences_of_unknown_precision_have_no_interval_and_no_small_p():
    gap = paired_difference(scores(0.71, 0.70), scores(0.70, 0.69))
    assert (gap.estimate.interval, gap.estimate.basis, gap.p) == (None, Basis.NO_SPREAD, 1.0)
    assert gap.verdict == "unclear"


def test_equal_differences_far_beyond_the_noise_are_evidence():
    gap = paired_difference(accuracies(0.9, 0.9, 0.9), accuracies(0.3, 0.3, 0.3))
    assert gap.verdict == "higher" and 0 < gap.p < 1e-6


def test_two_sides_that_depend_on_no_seed_differ_exactly():
    gap = paired_difference(scores(0.5, 0.5, deterministic=True), scores(0.4, 0.4, deterministic=True))
    assert gap.verdict == "higher" and gap.estimate.basis is Basis.DETERMINISTIC and math.isnan(gap.p)


def test_repeating_what_depends_on_no_seed_makes_its_test_set_no_larger():
    noise = binomial_variance([0.5], 100)
    ours, theirs = ([value] * 10 for value in (0.55, 0.5))
    gap = paired_difference(
        scores(*ours, variance=noise, deterministic=True), scores(*theirs, variance=noise, deterministic=True)
    )
    assert gap.estimate.interval.high - gap.estimate.mean == pytest.approx(1.959964 * math.sqrt(2 * noise))
    assert gap.verdict == "unclear"


def test_only_one_side_that_depends_on_no_seed_leaves_the_spread_of_the_other():
    gap = paired_difference(scores(0.60, 0.62, 0.61), scores(0.5, 0.5, 0.5, deterministic=True))
    assert gap.estimate.basis is Basis.SEEDS
    assert gap.p == pytest.approx(stats.ttest_1samp([0.10, 0.12, 0.11], 0).pvalue)


def test_an_average_of_cells_has_the_seeds_of_all_and_less_noise():
    mean = average([Scores({0: 0.2, 1: 0.4}, Measurement(0.04)), Scores({1: 0.6, 2: 0.8}, Measurement(0.04))])
    assert mean.values == {1: 0.5} and mean.measurement.variance == pytest.approx(0.02)
    assert not mean.measurement.deterministic


def test_the_probability_of_improvement_is_mann_whitneys_u_over_all_pairs():
    ours, theirs = [0.7, 0.8, 0.6, 0.7], [0.65, 0.7, 0.5]
    u = stats.mannwhitneyu(ours, theirs).statistic
    assert improvement(ours, theirs) == pytest.approx(u / 12)
    assert improvement([1, 2], [1, 2]) == 0.5
    assert math.isnan(improvement([], [1]))


def test_the_probability_of_improvement_is_that_of_rliable():
    theirs = pytest.importorskip("rliable.metrics", reason="rliable is in the extra `bench`")
    ours, others = np.random.default_rng(8).random((2, 6, 1)).round(1)
    probability = improvement(ours[:, 0], others[:, 0])
    assert probability == pytest.approx(theirs.probability_of_improvement(ours, others))
