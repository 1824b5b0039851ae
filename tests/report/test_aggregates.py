import numpy as np
import pytest
from probeline.report.aggregates import (
    aggregate,
    interquartile_mean,
    mean,
    profile,
    stratified_interval,
)
from scipy import stats

RUNS = {"digits": [0.90, 0.91, 0.93, 0.89, 0.92], "photos": [0.50, 0.52, 0.49, 0.51, 0.55]}


def test_the_interquartile_mean_leaves_out_a_quarter_at_either_end():
    assert interquartile_mean(np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1000.0])) == 3.5


def test_mean_median_and_interquartile_mean_are_those_of_rliable():
    theirs = pytest.importorskip("rliable.metrics", reason="rliable is in the extra `bench`")
    scores = np.random.default_rng(3).random((7, 5))  # runs x tasks
    ours = aggregate({task: scores[:, task] for task in range(5)})
    assert ours.iqm == pytest.approx(theirs.aggregate_iqm(scores))
    assert ours.mean == pytest.approx(theirs.aggregate_mean(scores))


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


@pytest.mark.parametrize("runs", [{"a": [0.1, 0.2]}, {"a": [0.5] * 12, "b": [0.4]}])
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
