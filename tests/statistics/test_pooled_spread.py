import numpy as np
import pytest
from probeline.statistics.pooled_spread import paired_spread
from probeline.statistics.prediction import another_value


def cell(values):
    return dict(enumerate(values))


def test_of_two_cells_it_is_the_deviation_of_their_paired_differences():
    ours, theirs = [0.5, 0.6, 0.8, 0.7], [0.4, 0.45, 0.5, 0.75]
    spread = paired_spread([cell(ours), cell(theirs)])
    assert spread.pairs == 1 and spread.deviation == pytest.approx(np.std(np.subtract(ours, theirs), ddof=1))


def test_of_many_cells_it_is_root_two_times_the_spread_of_one():
    rng = np.random.default_rng(0)
    spread = paired_spread([cell(0.3 * k + 0.02 * rng.normal(size=8)) for k in range(20)])
    assert spread.pairs == 190 and spread.deviation == pytest.approx(np.sqrt(2) * 0.02, rel=0.1)


def test_what_seeds_share_is_no_part_of_it_and_cells_without_a_seed_are_left_out():
    shared = np.array([0.0, 0.3, -0.2])
    fixed = cell([0.7, 0.7, 0.7])
    spread = paired_spread([cell(0.5 + shared), cell(0.4 + shared + [0.01, -0.01, 0.0]), fixed])
    assert spread.pairs == 1 and spread.deviation == pytest.approx(0.01)


def test_without_two_seeds_in_common_there_is_none():
    assert paired_spread([{0: 0.1, 1: 0.2}, {1: 0.3, 2: 0.4}]) is None
    assert paired_spread([]) is None


def test_the_prediction_interval_holds_95_of_100_further_seeds():
    values = np.random.default_rng(1).normal(size=(4000, 6))
    ends = [another_value(row[:5].tolist()) for row in values]
    held = [end.low <= row[5] <= end.high for end, row in zip(ends, values, strict=True)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)
    assert another_value([0.1, 0.2]) is None


def test_seeds_without_a_spread_allow_for_rounding_alone():
    interval = another_value([0.5, 0.5, 0.5])
    assert interval.low < 0.5 < interval.high < 0.50001
