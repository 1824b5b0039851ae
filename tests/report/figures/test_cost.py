import numpy as np
import pytest
from probeline.report.figures import cost as plugin
from probeline.report.figures._style import NothingToDraw


def test_a_panel_holds_a_cost_of_every_cell(trials):
    frame = plugin.prepare(trials, None, plugin.Config())
    assert list(frame["metric"].drop_duplicates()) == list(plugin.SHOWN)
    row = frame.iloc[0]
    seconds = trials[trials["cell"] == row["cell"]]["cost/train_seconds"]
    assert row["mean"] == pytest.approx(seconds.mean()) and row["n"] == 3


def test_a_cost_that_a_cell_does_not_have_is_shown_as_absent(trials):
    frame = plugin.prepare(trials, None, plugin.Config(metrics=("cost/images_per_second",)))
    arm = frame[frame["cell"] == "raw_pixels"].iloc[0]
    assert arm["n"] == 0 and np.isnan(arm["mean"])
    words = next(trace.text for trace in plugin.draw(frame, plugin.Config()).data if trace.text)
    assert "raw_pixels  <b>—</b>" in words


def test_without_a_cost_there_is_nothing_to_draw(trials):
    with pytest.raises(NothingToDraw):
        plugin.prepare(trials.drop(columns=[c for c in trials if c.startswith("cost/")]), None, plugin.Config())
