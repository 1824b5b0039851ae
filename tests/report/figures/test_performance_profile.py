import numpy as np
import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.figures import performance_profile as plugin
from probeline.report.results.results import Results


def prepare(trials, **config):
    return plugin.prepare(Results(trials), plugin.Config(**config))


def test_a_profile_falls_from_all_runs_to_none(trials):
    simclr = prepare(trials, line="method").profiles[0]
    values = trials[trials["method"] == "simclr"]["linear_probe/top1"]
    at, share = simclr.profile.thresholds, simclr.profile.share
    middle = np.abs(at - values.median()).argmin()
    assert share[0] == 1 and share[-1] == 0 and share[middle] == pytest.approx((values > at[middle]).mean())
    assert (np.diff(share) <= 0).all() and (simclr.line, simclr.runs) == ("simclr", 9)


def test_a_band_needs_ten_runs(make):
    info = prepare(make.trials(seeds=4), line="method")
    banded = [one.line for one in info.profiles if one.profile.low is not None]
    assert banded == ["simclr", "rotation", "supervised"]
    assert len(plugin.draw(info).data) == 5 + 3


def test_nothing_finished_is_nothing_to_draw(make, trials):
    with pytest.raises(NothingToDraw):
        prepare(trials.iloc[:0])
