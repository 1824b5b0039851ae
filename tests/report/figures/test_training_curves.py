import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.figures import training_curves as plugin
from probeline.report.results.results import Results


def prepare(trials, history, **config):
    return plugin.prepare(Results(trials, history), plugin.Config(**config))


def mean_of(info, cell):
    (curve,) = [curve for curve in info.means if curve.cell == cell]
    return curve


def test_a_cells_mean_is_over_its_trials_step_by_step(trials, history):
    mean = mean_of(prepare(trials, history), "simclr batch_size=64")
    ids = trials[trials["cell"] == "simclr batch_size=64"]["trial_id"]
    rows = history[history["trial_id"].isin(ids) & (history["name"] == "train/loss") & (history["step"] == 4)]
    assert mean.values[mean.steps.index(4)] == pytest.approx(rows["value"].mean()) and mean.n == 3


def test_a_failed_trial_keeps_its_curve_and_is_in_no_mean(make, trials, history):
    info = prepare(make.fail(trials, 0), history)
    assert trials.loc[0, "trial_id"] in {curve.trial_id for curve in info.trials}
    assert mean_of(info, "simclr batch_size=64").n == 2


def test_a_mean_ends_where_the_first_of_its_trials_ends(trials, history):
    short = history[(history["trial_id"] != trials.loc[0, "trial_id"]) | (history["step"] <= 4)]
    assert mean_of(prepare(trials, short), "simclr batch_size=64").steps == (1, 2, 3, 4)


def test_the_online_probe_is_labelled_as_no_result(trials, history):
    drawn = plugin.draw(prepare(trials, history, watched="online_probe/top1"))
    assert drawn.layout.meta["title"].endswith("online, not a result")


def test_every_line_has_its_panel_and_long_curves_are_thinned(make, trials):
    long = make.history(trials, epochs=900)
    drawn = plugin.draw(prepare(trials, long))
    assert len(drawn.layout.meta["panels"]) == 3
    assert max(len(trace.x) for trace in drawn.data) <= 201 and drawn.data[0].x[-1] == 900


def test_of_many_trials_only_means_and_failures_are_drawn(make):
    many = make.fail(make.trials(seeds=24), 0)
    history = make.history(many, epochs=2)
    info = prepare(many, history)
    assert [curve.trial_id for curve in info.trials] == [many.loc[0, "trial_id"]] and info.many
    assert [len(curve.steps) for curve in info.means] == [2] * 9
    assert "failed ones always" in plugin.draw(info).layout.meta["caption"]


def test_without_a_history_there_is_nothing_to_draw(trials, history):
    with pytest.raises(NothingToDraw, match="No trial has recorded train/loss"):
        prepare(trials, history.iloc[:0])
