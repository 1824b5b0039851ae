import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.figures import tuning_importance as plugin
from probeline.report.results.results import Results


@pytest.fixture
def tuned(make):
    space = {key: {"uniform": [0.0, 1.0]} for key in ("training.lr", "method.temperature")}
    frame = make.tuned(make.trials(levels={"simclr": 0.7}), lambda row: [(dict.fromkeys(space, 0.1), 0.5)], space)
    for lr, told in zip((0.2, 0.4, 0.3), {id(t): t for t in frame["tuned"].dropna()}.values(), strict=True):
        told["importance"] = {"training.lr": lr, "method.temperature": 1 - lr}
    return frame


def test_keys_stand_by_their_mean_share_with_a_mark_a_study(tuned):
    info = plugin.prepare(Results(tuned), plugin.Config())
    assert [one.key for one in info.keys] == ["method.temperature", "training.lr"]
    assert [one.mean for one in info.keys] == pytest.approx([0.7, 0.3])
    assert [len(one.shares) for one in info.keys] == [3, 3]
    bar, marks = plugin.draw(info).data
    assert list(bar.x) == pytest.approx([0.7, 0.3]) and len(marks.x) == 6


def test_what_cannot_be_told_is_said(tuned, trials):
    for told in tuned["tuned"].dropna():
        told["importance"] = {}
    with pytest.raises(NothingToDraw, match="Too few"):
        plugin.prepare(Results(tuned), plugin.Config())
    with pytest.raises(NothingToDraw, match="No study"):
        plugin.prepare(Results(trials), plugin.Config())
