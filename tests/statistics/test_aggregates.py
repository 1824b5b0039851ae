import numpy as np
import pytest
from probeline.statistics.aggregates import (
    aggregate,
    interquartile_mean,
    mean,
    median,
    profile,
    stratified_interval,
)
from scipy import stats

RUNS = {"digits": [0.90, 0.91, 0.93, 0.89, 0.92], "photos": [0.50, 0.52, 0.49, 0.51, 0.55]}


def test_the_interquartile_mean_leaves_out_a_quarter_at_either_end():
    assert interquartile_mean(np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1000.0])) == 3.5


SCORES = np.random.default_rng(3).random((7, 5))  # runs x tasks, as rliable has them
STRATA = {task: SCORES[:, task] for task in range(5)}


def test_mean_and_interquartile_mean_are_those_of_rliable():
    theirs = pytest.importorskip("rliable.metrics", reason="rliable is in the extra `bench`")
    ours = aggregate(STRATA)
    assert ours.iqm == pytest.approx(theirs.aggregate_iqm(SCORES))
    assert ours.mean == pytest.approx(theirs.aggregate_mean(SCORES))


@pytest.mark.parametrize("n", [4, 5, 6, 7, 8, 35])
def test_the_interquartile_mean_is_scipys_trimmed_mean(n):
    values = np.random.default_rng(n).normal(size=(3, n))
    assert interquartile_mean(values) == pytest.approx(stats.trim_mean(values, 0.25, axis=-1))


def test_the_stratified_interval_of_a_mean_has_its_known_width():
    interval = aggregate(
        STRATA
    ).mean_interval  # the variance of a stratified mean: each stratum's own, none between them
    error = np.sqrt(sum(len(runs) * np.var(runs, ddof=1) for runs in STRATA.values())) / SCORES.size
    reach = stats.t.ppf(0.975, SCORES.size - len(STRATA)) * error
    assert interval.high - interval.low == pytest.approx(2 * reach, rel=0.04)
    assert (interval.high + interval.low) / 2 == pytest.approx(SCORES.mean(), abs=0.1 * error)


def test_neither_the_order_of_runs_nor_of_strata_changes_an_interval():
    reordered = {task: runs[::-1] for task, runs in reversed(STRATA.items())}
    assert aggregate(reordered).iqm_interval == aggregate(STRATA).iqm_interval


@pytest.mark.slow
@pytest.mark.parametrize(("strata", "runs"), [(4, 3), (10, 3), (3, 5), (10, 5), (1, 10), (1, 30)])
def test_the_intervals_of_simulated_tables_hold_the_truth_as_often_as_the_docstring_says(strata, runs):
    rng, levels, tables = np.random.default_rng(0), 1.5 * np.arange(strata), 1_000
    many = np.sort((levels[:, None] + rng.normal(size=(strata, 200_000 // strata))).ravel())
    truths = {"mean": mean(many), "median": median(many), "iqm": interquartile_mean(many)}
    held = dict.fromkeys(truths, 0)
    for _ in range(tables):
        summary = aggregate({level: level + rng.normal(size=runs) for level in levels})
        for name, truth in truths.items():
            interval = getattr(summary, f"{name}_interval")
            held[name] += interval.low <= truth <= interval.high
    assert all(0.89 < count / tables < 0.99 for count in held.values()), held


def test_the_share_of_a_profile_is_the_run_score_distribution_of_rliable():
    at = np.linspace(0, 1, 21)  # rliable.library.run_score_deviation; the module itself fails to import with pandas 3
    assert profile(STRATA, at).share == pytest.approx([np.mean(tau < SCORES) for tau in at])


def test_all_statistics_rest_on_the_same_resamples_as_each_alone():
    found = aggregate(STRATA)
    assert found.mean_interval == stratified_interval(STRATA, mean)
    assert found.iqm_interval == stratified_interval(STRATA, interquartile_mean)


def test_with_one_stratum_the_interval_is_scipys_percentile_bootstrap():
    values = np.random.default_rng(0).gamma(4, size=200)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", rng=0).confidence_interval
    ours = stratified_interval({"all": values}, mean)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=0.02)


def test_resampling_stays_in_its_stratum_so_the_interval_is_narrower_than_the_gap_between_strata():
    interval = aggregate(RUNS).mean_interval
    assert interval.high - interval.low < 0.03 and interval.low < 0.712 < interval.high


def test_the_same_runs_give_the_same_interval():
    assert aggregate(RUNS) == aggregate(RUNS)


@pytest.mark.parametrize("runs", [{"a": [0.1, 0.2]}, {"a": [0.5] * 12, "b": [0.4, 0.5]}])
def test_too_few_runs_have_no_interval(runs):
    assert aggregate(runs).mean_interval is None


def test_an_aggregate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="finite"):
        aggregate({"a": []})


def test_a_profile_is_the_share_of_runs_above_each_threshold():
    found = profile(RUNS, [0.0, 0.50, 0.7, 0.91, 1.0])
    assert found.share == pytest.approx([1.0, 0.8, 0.5, 0.2, 0.0])
    assert (found.low <= found.share).all() and (found.share <= found.high).all()
    assert found.low[2] == found.high[2] == 0.5  # no resample moves a run from one stratum to the other


def test_a_profile_of_few_runs_has_no_band():
    assert profile({"a": [0.1, 0.2]}, [0.15]).low is None
