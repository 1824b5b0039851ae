import math

import numpy as np
import pytest
from probeline.statistics.differences import Scores, paired_difference
from probeline.statistics.multiplicity import holm, is_claimed, ranks
from scipy import stats

NAN = math.nan


def test_holm_multiplies_the_smallest_by_all_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_agrees_with_statsmodels():
    theirs = pytest.importorskip(
        "statsmodels.stats.multitest", reason="statsmodels comes with rliable, in the extra `bench`"
    )
    p_values = np.random.default_rng(0).random(20) ** 3
    assert holm(list(p_values)) == pytest.approx(list(theirs.multipletests(p_values, method="holm")[1]))


def test_a_comparison_without_a_test_is_no_member_of_the_family():
    adjusted = holm([0.02, NAN, 0.04])
    assert adjusted[0] == pytest.approx(0.04) and math.isnan(adjusted[1]) and adjusted[2] == pytest.approx(0.04)


def test_no_adjusted_value_passes_one():
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_lines_far_apart_rank_as_their_means_do():
    rng = np.random.default_rng(1)
    means = {"a": 0.3, "b": 0.9, "c": 0.6}
    lines = {name: Scores(dict(enumerate(level + 0.001 * rng.normal(size=5)))) for name, level in means.items()}
    expected = stats.rankdata([-level for level in means.values()])
    assert ranks(lines) == {name: (rank, rank) for name, rank in zip(means, expected, strict=True)}
    assert ranks(lines, higher_is_better=False)["a"] == (1, 1)


def test_lines_that_cannot_be_told_apart_share_their_places():
    same = {0: 0.5, 1: 0.6, 2: 0.4}
    lines = {"a": same, "b": {0: 0.6, 1: 0.4, 2: 0.5}, "c": {0: 0.2, 1: 0.301, 2: 0.099}}
    places = ranks({name: Scores(values) for name, values in lines.items()})
    assert places == {"a": (1, 2), "b": (1, 3), "c": (2, 3)}


def test_one_seed_ties_everything():
    assert ranks({"a": Scores({0: 0.9}), "b": Scores({0: 0.1})}) == {"a": (1, 2), "b": (1, 2)}


def test_23_lines_a_hundred_standard_deviations_apart_have_a_rank_each():
    rng = np.random.default_rng(2)
    lines = {f"line {i}": Scores(dict(enumerate(-100 * i + rng.normal(size=10)))) for i in range(23)}
    assert ranks(lines) == {f"line {i}": (i + 1, i + 1) for i in range(23)}


def test_of_251_differences_of_80_points_all_are_claimed():
    values = 0.8 + 0.01 * np.random.default_rng(3).normal(size=(251, 10))
    zero = Scores(dict.fromkeys(range(10), 0.0))
    gaps = [paired_difference(Scores(dict(enumerate(each))), zero) for each in values.tolist()]
    assert all(is_claimed(gap, p) for gap, p in zip(gaps, holm([gap.p for gap in gaps]), strict=True))
