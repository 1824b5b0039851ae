import itertools
import math

import numpy as np
import pytest
from probeline.statistics.intervals import Basis, Measurement, Spread, estimate
from scipy import stats

NOISE = 0.05**2  # of one share of 100 samples near a half


def test_a_mean_of_three_seeds_has_the_known_t_interval():
    result = estimate([1.0, 2.0, 3.0])
    assert (result.n, result.mean, result.basis) == (3, 2.0, Basis.SEEDS)
    assert result.interval.low == pytest.approx(2 - 4.302653 / math.sqrt(3), abs=1e-5)
    assert result.interval.high == pytest.approx(2 + 4.302653 / math.sqrt(3), abs=1e-5)


@pytest.mark.parametrize("n", [2, 3, 8, 200])
def test_interval_and_p_value_are_those_of_scipys_t_test(n):
    values = np.random.default_rng(n).normal(0.4, size=n).tolist()
    theirs = stats.ttest_1samp(values, 0)
    interval = estimate(values).interval
    assert (interval.low, interval.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    assert Spread.of(values, 1.0).p_value(None) == pytest.approx(theirs.pvalue)


def test_neither_interval_nor_p_value_depends_on_the_order_of_seeds():
    orders = [list(values) for values in itertools.permutations([3.22, 1.39, 2.05])]
    assert len({(estimate(values), Spread.of(values, 4.0).p_value(None)) for values in orders}) == 1


def test_the_interval_of_mirrored_values_is_the_mirrored_interval():
    values = [3.22, 1.39, 2.05]
    plain, mirrored = estimate(values).interval, estimate([-value for value in values]).interval
    assert (mirrored.low, mirrored.high) == (-plain.high, -plain.low)


def test_shifting_and_stretching_values_shifts_and_stretches_the_interval():
    plain, moved = estimate([1.0, 2.0, 4.0]).interval, estimate([12.0, 14.0, 18.0]).interval
    assert (moved.low, moved.high) == pytest.approx((2 * plain.low + 10, 2 * plain.high + 10))


def test_one_seed_has_no_interval():
    result = estimate([0.5])
    assert (result.n, result.mean, result.interval, result.basis) == (1, 0.5, None, Basis.TOO_FEW)


def test_no_seed_has_no_mean():
    result = estimate([])
    assert result.n == 0 and math.isnan(result.mean) and result.interval is None


def test_equal_values_of_unknown_precision_have_no_interval():
    result = estimate([0.1, 0.1, 0.1])
    assert (result.mean, result.interval, result.basis) == (0.1, None, Basis.NO_SPREAD)


def test_equal_values_of_known_noise_have_its_interval():
    result = estimate([0.5, 0.5], Measurement(NOISE))
    assert result.basis is Basis.TEST_SET
    assert result.interval.high - 0.5 == pytest.approx(1.959964 * 0.05 / math.sqrt(2))


def test_an_interval_is_never_narrower_than_the_noise_of_the_test_set():
    close, far = [0.500, 0.501, 0.502], [0.40, 0.50, 0.60]
    assert estimate(close, Measurement(NOISE)).interval == estimate([0.501] * 3, Measurement(NOISE)).interval
    assert estimate(far, Measurement(NOISE)) == estimate(far)


def test_what_depends_on_no_seed_has_an_interval_without_width():
    result = estimate([0.1, 0.1, 0.1], Measurement(NOISE, deterministic=True))
    assert result.basis is Basis.DETERMINISTIC and result.interval.low == result.interval.high == 0.1


def test_values_that_differ_are_not_taken_for_deterministic():
    assert estimate([0.1, 0.2], Measurement(deterministic=True)).basis is Basis.SEEDS


def test_a_spread_below_the_precision_of_float32_is_no_spread():
    assert estimate([0.7, 0.7 + 1e-8]).basis is Basis.NO_SPREAD


def test_a_value_that_is_not_finite_is_refused_and_not_dropped():
    with pytest.raises(ValueError, match="finite"):
        estimate([0.5, math.nan])


@pytest.mark.parametrize("noise", [None, 0.05, 0.5])
@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0, 2.0, 4.0])
def test_the_p_value_is_below_5_percent_where_the_interval_leaves_zero_out(shift, noise):
    spread = Spread.of((np.random.default_rng(5).normal(size=6) + shift).tolist(), 1.0)
    interval = spread.estimate(noise).interval
    assert (spread.p_value(noise) < 0.05) == (not interval.low <= 0 <= interval.high)


def test_one_value_has_no_p_value_and_equal_values_no_small_one():
    assert math.isnan(Spread.of([0.3], 1.0).p_value(None))
    assert Spread.of([0.2, 0.2], 1.0).p_value(None) == 1.0
    assert Spread.of([0.01, 0.01], 1.0).p_value(0.05) == pytest.approx(2 * stats.norm.sf(0.2))
