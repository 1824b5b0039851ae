import math

import numpy as np
import pytest
from probeline.statistics.power import detectable, seeds_needed
from scipy import stats


def test_the_textbooks_paired_design_of_80_percent_power():
    """n = 34 finds half a standard deviation (Cohen 1988, table of the t test for paired samples)."""
    assert seeds_needed(0.5, 1.0) == 34
    assert detectable(34, 1.0) == pytest.approx(0.4953, abs=2e-3)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_simulated_experiments_find_such_a_difference_four_times_in_five(seeds):
    difference = detectable(seeds, 2.0)
    values = np.random.default_rng(0).normal(difference, 2.0, (20_000, seeds))
    found = stats.ttest_1samp(values, 0.0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.012)


def test_one_seed_finds_nothing_and_more_seeds_find_less():
    assert math.isinf(detectable(1, 1.0))
    assert detectable(2, 1.0) > 10 > detectable(3, 1.0) > detectable(5, 1.0) > 1


def test_needing_more_than_a_thousand_seeds_is_told_from_a_number():
    assert seeds_needed(0.001, 1.0) is None
    with pytest.raises(ValueError, match="above zero"):
        seeds_needed(0.0, 1.0)
