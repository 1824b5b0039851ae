import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.figures import tuning_history as plugin
from probeline.report.results.results import Results


def searched(row):
    scores = [None, 0.5, 0.4, 0.7, None, 0.6]
    return [({"training.lr": 0.1 * (i + 1)}, score) for i, score in enumerate(scores)]


def test_the_best_so_far_never_falls_and_starts_with_the_first_judged_trial(make):
    info = plugin.prepare(Results(make.tuned(make.trials(levels={"simclr": 0.7}), searched)), plugin.Config())
    one = info.studies[0]
    assert one.cell == "simclr batch_size=64" and [trial.number for trial in one.trials] == [1, 2, 3, 4, 5, 6]
    assert [trial.best for trial in one.trials] == [None, 0.5, 0.5, 0.7, 0.7, 0.7]
    drawn = plugin.draw(info)
    assert len(drawn.layout.meta["panels"]) == 3
    line, judged, others = drawn.data[:3]
    assert line.line.shape == "hv" and list(judged.x) == [2, 3, 4, 6] and list(others.x) == [1, 5]


def test_a_score_that_is_minimized_has_its_best_below(make):
    tuned = make.tuned(make.trials(levels={"simclr": 0.7}), searched)
    for told in tuned["tuned"].dropna():
        told["search"]["direction"] = "minimize"
    first = plugin.prepare(Results(tuned), plugin.Config()).studies[0]
    assert [trial.best for trial in first.trials] == [None, 0.5, 0.4, 0.4, 0.4, 0.4]


def test_many_studies_are_cut_and_the_caption_says_so(make):
    tuned = make.tuned(make.trials(levels={"simclr": 0.7}, sizes=tuple(range(8, 38))), searched)
    drawn = plugin.draw(plugin.prepare(Results(tuned), plugin.Config()))
    assert len(drawn.layout.meta["panels"]) == plugin.MAX_STUDIES and "6 studies more" in drawn.layout.meta["caption"]


def test_without_a_study_it_says_so(trials):
    with pytest.raises(NothingToDraw):
        plugin.prepare(Results(trials), plugin.Config())
