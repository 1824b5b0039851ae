import math

import pytest
from probeline.report.figures import tuning_history as plugin
from probeline.report.figures._style import NothingToDraw


def searched(row):
    scores = [None, 0.5, 0.4, 0.7, None, 0.6]
    return [({"training.lr": 0.1 * (i + 1)}, score) for i, score in enumerate(scores)]


def test_the_best_so_far_never_falls_and_starts_with_the_first_judged_trial(make):
    frame = plugin.prepare(make.tuned(make.trials(levels={"simclr": 0.7}), searched), None, plugin.Config())
    one = frame[frame["cell"] == "simclr batch_size=64"]
    assert list(one["trial"]) == [1, 2, 3, 4, 5, 6]
    assert math.isnan(one["best"].iloc[0]) and list(one["best"][1:]) == [0.5, 0.5, 0.7, 0.7, 0.7]
    drawn = plugin.draw(frame, plugin.Config())
    assert len(drawn.layout.meta["panels"]) == 3
    line, judged, others = drawn.data[:3]
    assert line.line.shape == "hv" and list(judged.x) == [2, 3, 4, 6] and list(others.x) == [1, 5]


def test_a_score_that_is_minimized_has_its_best_below(make):
    tuned = make.tuned(make.trials(levels={"simclr": 0.7}), searched)
    for told in tuned["tuned"].dropna():
        told["search"]["direction"] = "minimize"
    frame = plugin.prepare(tuned, None, plugin.Config())
    assert list(frame["best"][1:6]) == [0.5, 0.4, 0.4, 0.4, 0.4]


def test_many_studies_are_cut_and_the_caption_says_so(make):
    tuned = make.tuned(make.trials(levels={"simclr": 0.7}, sizes=tuple(range(8, 38))), searched)
    drawn = plugin.draw(plugin.prepare(tuned, None, plugin.Config()), plugin.Config())
    assert len(drawn.layout.meta["panels"]) == plugin.MOST and "6 studies more" in drawn.layout.meta["caption"]


def test_without_a_study_it_says_so(trials):
    with pytest.raises(NothingToDraw):
        plugin.prepare(trials, None, plugin.Config())
