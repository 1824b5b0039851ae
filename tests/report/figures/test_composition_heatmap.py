import numpy as np
import pytest
from probeline.core.figure import NothingToDraw
from probeline.experiment.references import References
from probeline.report.figures import composition_heatmap as plugin
from probeline.report.results.results import Results

TOP1 = "linear_probe/top1"
NAMES = ["crop", "color", "blur"]
LEVEL = {("crop", "color"): 0.6, ("color", "crop"): 0.5}
FIG5 = References(id="simclr.fig5", axes={"first_transform": "method.first", "second_transform": "method.second"})


@pytest.fixture
def pairs(make):
    def values(seed, first, second):
        return {TOP1: LEVEL.get((first, second), 0.3) + 0.01 * seed}

    return make.grid({"method.first": NAMES, "method.second": NAMES}, values)


def prepare(trials, **config):
    return plugin.prepare(Results(trials), plugin.Config(**config))


def means(info):
    return info.square(lambda one: one.estimate.mean)


def test_each_pair_has_its_mean_and_rows_and_columns_their_averages(pairs):
    table = means(prepare(pairs, rows="method.first", columns="method.second"))
    assert table.shape == (4, 4) and table[0, 1] == pytest.approx(0.61) and table[1, 0] == pytest.approx(0.51)
    assert table[0, 3] == pytest.approx((0.31 + 0.61 + 0.31) / 3)
    assert table[3, 3] == pytest.approx((0.61 + 0.51 + 7 * 0.31) / 9)


def test_a_missing_pair_leaves_its_averages_out_and_is_drawn_as_a_dash(make, pairs):
    for row in range(3):
        pairs = make.fail(pairs, row)
    table = means(prepare(pairs))
    assert np.isnan([table[0, 0], table[0, 3], table[3, 0], table[3, 3]]).all() and not np.isnan(table[1, 3])
    drawn = plugin.draw(prepare(pairs))
    texts = next(trace for trace in drawn.data if trace.type == "scatter").text
    assert texts.count("—") == 4


def test_the_papers_map_stands_beside_ours_with_its_agreement(pairs):
    info = prepare(pairs, references=FIG5)
    assert info.square(lambda one: one.published)[0, 1] == pytest.approx(0.563)
    assert "proceedings PDF" in info.fields[1].paper and "0.99" in info.fields[1].paper
    drawn = plugin.draw(info)
    assert [trace.type for trace in drawn.data].count("heatmap") == 2
    assert "9 matched cells" in drawn.layout.meta["caption"]


def test_one_axis_of_pairs_is_read_as_two(make):
    labels = [f"{a} then {b}" for a in NAMES for b in NAMES if a != b] + NAMES
    trials = make.grid({"method.augment_other": labels}, lambda seed, augment_other: {TOP1: len(augment_other) / 100})
    info = prepare(trials, pairs="method.augment_other")
    table = means(info)
    assert table[info.rows.index("blur"), info.columns.index("blur")] == pytest.approx(0.04)
    assert not np.isnan(table).any()


def test_one_axis_makes_no_map(make):
    with pytest.raises(NothingToDraw, match="two axes"):
        prepare(make.grid({"training.lr": [0.1, 0.2]}, lambda seed, lr: {TOP1: lr}))
