import math

import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.figures import chosen_values as plugin
from probeline.report.results.results import Results


def prepare(trials, **config):
    return plugin.prepare(Results(trials), plugin.Config(**config))


def by_size(row):
    """The best rate of batch size 64 is 0.1, of 128 0.2, of 256 0.4; the last point diverged."""
    best = 0.1 * row["training.batch_size"] / 64
    tried = [({"training.lr": rate}, 0.9 - abs(math.log2(rate / best))) for rate in (0.1, 0.4, 0.2)]
    return [*tried, ({"training.lr": 1.0}, None)]


@pytest.fixture
def tuned(make):
    return make.tuned(make.trials(), by_size)


def test_a_row_is_a_tried_value_and_one_a_study_is_chosen(tuned):
    values = prepare(tuned).values
    assert len(values) == 9 * 4
    assert {v.x: v.value for v in values if v.line == "simclr" and v.chosen} == {64: 0.1, 128: 0.2, 256: 0.4}
    one = [value for value in values if value.cell == "simclr batch_size=64"]
    assert [value.rank for value in one] == [1.0, 0.0, 0.5, None]
    assert [value.y for value in one] == pytest.approx([-1.0, math.log10(0.4), math.log10(0.2), 0.0])
    assert {(value.position, value.tried) for value in one} == {(6.0, 4)}


def test_chosen_marks_are_large_and_tried_ones_faint_behind_them(tuned):
    drawn = plugin.draw(prepare(tuned))
    chosen = {trace.name: trace for trace in drawn.data if trace.name}
    assert list(chosen) == ["simclr", "rotation", "supervised"]
    assert list(chosen["simclr"].y) == pytest.approx([-1.0, math.log10(0.2), math.log10(0.4)])
    behind = drawn.data[0]
    assert behind.name is None and len(behind.x) == 9 and behind.marker.size < chosen["simclr"].marker.size
    assert all(colour.startswith("rgba") for colour in behind.marker.color)
    assert "tuned with 4 trials" in chosen["simclr"].hovertext[0]
    assert drawn.layout.xaxis.ticktext == ("64", "128", "256") and "0.2" in drawn.layout.yaxis.ticktext


def test_choices_that_are_words_stand_in_the_specs_order(make):
    space = {"training.optimizer": {"choice": ["sgd", "lars", "adamw"]}}
    tuned = make.tuned(
        make.trials(levels={"simclr": 0.7}),
        lambda row: [({"training.optimizer": "adamw"}, 0.5), ({"training.optimizer": "lars"}, 0.6)],
        space,
    )
    info = prepare(tuned)
    assert [value.y for value in info.values[:2]] == [2.0, 1.0] and info.words == ("sgd", "lars", "adamw")
    assert plugin.draw(info).layout.yaxis.ticktext == ("sgd", "lars", "adamw")


def test_without_a_numeric_axis_every_cell_has_its_place(make):
    tuned = make.tuned(make.grid({"method": ["simclr", "byol"]}, lambda seed, method: {"linear_probe/top1": 0.5}))
    info = prepare(tuned)
    assert info.x == "cell" and info.x_values == ("method=simclr", "method=byol")
    assert all("lines" not in trace.mode for trace in plugin.draw(info).data)


def test_a_key_that_was_not_tuned_and_no_study_at_all_are_said(tuned, trials):
    with pytest.raises(NothingToDraw, match="not tuned"):
        prepare(tuned, key="method.temperature")
    with pytest.raises(NothingToDraw, match="No study has chosen yet"):
        prepare(trials)
