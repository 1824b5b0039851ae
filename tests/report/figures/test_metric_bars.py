import pytest
from probeline.core.figure import NothingToDraw
from probeline.errors import UserError
from probeline.report.figures import metric_bars as plugin
from probeline.report.results.results import Results

GROUPS = {
    "rotation": {"h": "transformation_probe/rotation/h", "z": "transformation_probe/rotation/z"},
    "sobel": {"h": "transformation_probe/sobel/h", "z": "transformation_probe/sobel/z"},
}
PAPER = {"rotation": {"h": "simclr.table3.rotation.h", "z": "simclr.table3.rotation.g_of_h"}}


@pytest.fixture
def kept(make):
    def values(seed, method):
        return {
            f"transformation_probe/{task}/{space}": 0.5 + 0.2 * (space == "h") + 0.01 * seed
            for task in GROUPS
            for space in "hz"
        }

    return make.grid({"method": ["simclr"]}, values)


def prepare(trials, **config):
    return plugin.prepare(Results(trials), plugin.Config(**{"groups": GROUPS, **config}))


def test_each_group_and_series_has_its_mean(kept):
    bars = prepare(kept).bars
    assert [(bar.group, bar.name) for bar in bars] == [
        ("rotation", "h"), ("rotation", "z"), ("sobel", "h"), ("sobel", "z")
    ]  # fmt: skip
    assert [bar.estimate.mean for bar in bars] == pytest.approx([0.71, 0.51, 0.71, 0.51])


def test_published_values_stand_at_their_bar(kept):
    info = prepare(kept, published=PAPER)
    first, second, third, _ = (bar.paper for bar in info.bars)
    assert [first.fraction, second.fraction] == pytest.approx([0.676, 0.256]) and third is None
    hollow = [trace for trace in plugin.draw(info).data if trace.type == "scatter" and trace.mode == "markers"]
    assert [trace.y[0] for trace in hollow] == pytest.approx([67.6, 25.6])


def test_a_cell_is_named_by_its_label_where_its_line_has_another_name(make):
    trials = make.grid({"method.steps": [2, 12]}, lambda seed, **at: {"phone_probe/top1": 0.5})
    label = trials["cell"].iloc[-1]
    paper = {"linear": {label: "cpc.table2.neg.mixed_speaker"}}
    bars = prepare(trials, groups={"linear": "phone_probe/top1"}, published=paper).bars
    assert [bar.paper is not None for bar in bars] == [False, True]


def test_the_shape_of_the_bars_is_compared_with_the_papers(kept):
    paper = {"rotation": {"h": "simclr.table3.rotation.h", "z": "simclr.table3.rotation.g_of_h"}, "sobel": {
        "h": "simclr.table3.orig_vs_sobel.h"}}  # fmt: skip
    said = prepare(kept, published=paper).agreement
    assert said == (
        "Shape agreement with simclr.table3: cannot tell; Spearman 0.87 over 3 matched cells, too few for an interval."
    )
    assert prepare(kept).agreement == ""


def test_an_unknown_published_id_is_an_error(kept):
    with pytest.raises(UserError, match="no published value"):
        prepare(kept, published={"rotation": {"h": "simclr.table33"}})


def test_groups_without_series_have_a_bar_a_cell(make):
    trials = make.grid({"method": ["a", "b"]}, lambda seed, method: {"fine_tune/1pct/top1": 0.4})
    bars = prepare(trials, groups={"1%": "fine_tune/1pct/top1", "10%": "fine_tune/10pct/top1"}).bars
    assert [(bar.name, bar.estimate.n) for bar in bars] == [
        ("method=a", 3), ("method=b", 3), ("method=a", 0), ("method=b", 0)
    ]  # fmt: skip


def test_metrics_that_nobody_recorded_are_nothing_to_draw(trials):
    with pytest.raises(NothingToDraw, match="transformation_probe/rotation/h"):
        prepare(trials)
