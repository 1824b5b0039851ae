import pytest
from probeline.report.figures import performance_profile as plugin
from probeline.report.figures._style import NothingToDraw


def prepare(trials, **config):
    return plugin.prepare(trials, None, plugin.Config(**config))


def test_a_profile_falls_from_all_runs_to_none(trials):
    frame = prepare(trials, line="method")
    simclr = frame[frame["line"] == "simclr"]
    values = trials[trials["method"] == "simclr"]["linear_probe/top1"]
    middle = simclr.iloc[(simclr["threshold"] - values.median()).abs().argmin()]
    assert simclr["share"].iloc[0] == 1 and simclr["share"].iloc[-1] == 0
    assert middle["share"] == pytest.approx((values > middle["threshold"]).mean())
    assert simclr["share"].is_monotonic_decreasing and set(simclr["runs"]) == {9}


def test_a_band_needs_ten_runs(make):
    frame = prepare(make.trials(seeds=4), line="method")
    banded = frame[frame["low"].notna()]["line"].unique()
    assert set(banded) == {"simclr", "rotation", "supervised"}
    assert len(plugin.draw(frame, plugin.Config()).data) == 5 + 3


def test_nothing_finished_is_nothing_to_draw(make, trials):
    with pytest.raises(NothingToDraw):
        prepare(trials.iloc[:0])
