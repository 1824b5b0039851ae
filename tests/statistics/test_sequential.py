import numpy as np
import pytest
from probeline.statistics.sequential import Looks, decide, look_p_values, nominal_level
from scipy import stats

KINDS = {
    "normal": lambda rng, size: rng.normal(size=size) - rng.normal(size=size),
    "both lognormal": lambda rng, size: standard_lognormal(rng, size) - standard_lognormal(rng, size),
    "one lognormal": lambda rng, size: standard_lognormal(rng, size) - rng.normal(size=size),
}


def standard_lognormal(rng, size):
    """Mean 0, standard deviation 1."""
    values = rng.lognormal(0.0, 1.0, size) - np.exp(0.5)
    return values / np.sqrt((np.e - 1) * np.e)


def test_p_values_of_every_look_are_those_of_scipys_paired_t_test():
    differences = np.random.default_rng(0).normal(0.3, 1.0, (4, 9))
    for n in range(2, 10):
        expected = stats.ttest_1samp(differences[:, :n], 0.0, axis=1).pvalue
        np.testing.assert_allclose(look_p_values(differences)[:, n - 1], expected, rtol=1e-9)


def test_one_look_alone_needs_no_stricter_level_and_every_further_look_does():
    assert nominal_level(8, 8) == pytest.approx(0.045, abs=0.003)
    levels = [nominal_level(3, most) for most in (3, 5, 10, 20)]
    assert levels == sorted(levels, reverse=True) and levels[-1] < 0.01


def test_a_clear_difference_is_decided_early_and_says_its_direction():
    up = decide([1.0, 1.1, 0.9, 1.05, 0.95], Looks(3, 10))
    down = decide([-1.0, -1.1, -0.9, -1.05, -0.95], Looks(3, 10))
    assert (up.verdict, down.verdict) == ("higher", "lower") and up.decided
    assert up.interval.low == pytest.approx(-down.interval.high)


def test_before_the_first_look_and_without_spread_nothing_is_decided():
    assert decide([5.0, 5.1], Looks(3, 10)).interval is None
    assert not decide([5.0, 5.0, 5.0, 5.0], Looks(3, 10)).decided


def test_an_interval_within_the_smallest_difference_ends_the_search_for_one():
    values = [0.001, -0.001, 0.0005, -0.0005, 0.0008]
    assert decide(values, Looks(3, 10), smallest=0.01).verdict == "no difference"
    assert decide(values, Looks(3, 10)).verdict == "undecided"


def test_the_interval_is_wider_than_one_that_is_looked_at_once():
    values = [0.4, 1.2, -0.3, 0.9, 0.6]
    once = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    interval = decide(values, Looks(3, 20)).interval
    assert interval.low < once[0] and interval.high > once[1]


@pytest.mark.parametrize(("first", "most", "comparisons"), [(1, 5, 1), (6, 5, 1), (3, 5, 0)])
def test_looks_that_make_no_sense_are_refused(first, most, comparisons):
    with pytest.raises(ValueError, match="the first look is after 2"):
        Looks(first, most, comparisons)


def test_more_differences_than_there_are_looks_are_refused():
    with pytest.raises(ValueError, match="6 differences, and 5 are the most"):
        decide([1.0] * 6, Looks(3, 5))


def test_several_comparisons_are_each_stricter():
    assert Looks(3, 20, 5).level < Looks(3, 20).level
    assert Looks(3, 20, 5).p_value(0.001) == pytest.approx(5 * Looks(3, 20).p_value(0.001))


def test_the_p_value_of_all_looks_is_the_level_at_the_level_of_each_look():
    looks = Looks(3, 20)
    assert looks.p_value(looks.level) == pytest.approx(0.045, abs=0.001)
    assert looks.p_value(0.5) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most", [10, 20])
def test_looking_after_every_seed_keeps_level_and_coverage(kind, most):
    """The table of the module's docstring."""
    rng, first, size = np.random.default_rng(1), 3, (20_000, most)
    nothing = KINDS[kind](rng, size)
    level = nominal_level(first, most)
    claimed = (look_p_values(nothing)[:, first - 1 :] < level).any(axis=1).mean()
    assert claimed <= 0.055
    for effect in (0.0, 0.75, 1.5):
        held = [stopped(row + effect, first, most, effect) for row in KINDS[kind](rng, (3000, most))]
        assert np.mean(held) >= 0.94


def stopped(differences, first, most, truth):
    """Whether the interval where one stops holds the truth."""
    for n in range(first, most + 1):
        decision = decide(differences[:n].tolist(), Looks(first, most))
        if decision.decided or n == most:
            return decision.interval.low <= truth <= decision.interval.high
