import pytest
from probeline.report.figures import training_curves as plugin
from probeline.report.figures._style import NothingToDraw


def prepare(trials, history, **config):
    return plugin.prepare(trials, history, plugin.Config(**config))


def test_a_cells_mean_is_over_its_trials_step_by_step(trials, history):
    frame = prepare(trials, history)
    mean = frame[frame["trial_id"].isna() & (frame["cell"] == "simclr batch_size=64") & (frame["step"] == 4)]
    ids = trials[trials["cell"] == "simclr batch_size=64"]["trial_id"]
    rows = history[history["trial_id"].isin(ids) & (history["name"] == "train/loss") & (history["step"] == 4)]
    assert mean["value"].item() == pytest.approx(rows["value"].mean()) and mean["n"].item() == 3


def test_a_failed_trial_keeps_its_curve_and_is_in_no_mean(make, trials, history):
    frame = prepare(make.fail(trials, 0), history)
    assert (frame["trial_id"] == trials.loc[0, "trial_id"]).any()
    means = frame[frame["trial_id"].isna() & (frame["cell"] == "simclr batch_size=64")]
    assert set(means["n"]) == {2}


def test_a_mean_ends_where_the_first_of_its_trials_ends(trials, history):
    short = history[(history["trial_id"] != trials.loc[0, "trial_id"]) | (history["step"] <= 4)]
    frame = prepare(trials, short)
    means = frame[frame["trial_id"].isna() & (frame["cell"] == "simclr batch_size=64")]
    assert means["step"].max() == 4


def test_the_online_probe_is_labelled_as_no_result(trials, history):
    settings = plugin.Config(watched="online_probe/top1")
    drawn = plugin.draw(plugin.prepare(trials, history, settings), settings)
    assert drawn.layout.meta["title"].endswith("online, not a result")


def test_every_line_has_its_panel_and_long_curves_are_thinned(make, trials):
    long = make.history(trials, epochs=900)
    drawn = plugin.draw(prepare(trials, long), plugin.Config())
    assert len(drawn.layout.meta["panels"]) == 3
    assert max(len(trace.x) for trace in drawn.data) <= 201 and drawn.data[0].x[-1] == 900


def test_of_many_trials_only_means_and_failures_are_drawn(make):
    many = make.fail(make.trials(seeds=24), 0)
    history = make.history(many, epochs=2)
    frame = prepare(many, history)
    assert set(frame["trial_id"].dropna()) == {many.loc[0, "trial_id"]} and frame.attrs["many"]
    assert frame["trial_id"].isna().sum() == 9 * 2
    assert "failed ones always" in plugin.draw(frame, plugin.Config()).layout.meta["caption"]


def test_without_a_history_there_is_nothing_to_draw(trials, history):
    with pytest.raises(NothingToDraw, match="No trial has recorded train/loss"):
        prepare(trials, history.iloc[:0])
