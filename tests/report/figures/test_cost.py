import numpy as np
import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.figures import cost as plugin
from probeline.report.results.results import Results


def test_a_panel_holds_a_cost_of_every_cell(trials):
    costs = plugin.prepare(Results(trials), plugin.Config()).costs
    assert list(costs) == list(plugin.SHOWN)
    first = costs["cost/train_seconds"][0]
    seconds = trials[trials["cell"] == first.cell]["cost/train_seconds"]
    assert first.mean == pytest.approx(seconds.mean()) and first.n == 3


def test_a_cost_that_a_cell_does_not_have_is_shown_as_absent(trials):
    info = plugin.prepare(Results(trials), plugin.Config(metrics=("cost/images_per_second",)))
    (arm,) = [cell for cell in info.costs["cost/images_per_second"] if cell.cell == "raw_pixels"]
    assert arm.n == 0 and np.isnan(arm.mean)
    words = next(trace.text for trace in plugin.draw(info).data if trace.text)
    assert "raw_pixels  <b>—</b>" in words


def test_without_a_cost_there_is_nothing_to_draw(trials):
    with pytest.raises(NothingToDraw):
        plugin.prepare(Results(trials.drop(columns=[c for c in trials if c.startswith("cost/")])), plugin.Config())
