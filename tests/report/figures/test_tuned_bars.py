import pytest
from probeline.core.figure import NothingToDraw
from probeline.experiment.references import References
from probeline.report.figures import tuned_bars as plugin
from probeline.report.results.results import Results

TOP1, VALIDATION = "linear_probe/top1", "linear_probe/validation_top1"


@pytest.fixture
def losses(make):
    def values(seed, loss, lr):
        test = {"margin": 0.3, "nt_logistic": 0.4, "nt_xent": 0.5}[loss] + (lr == 1.0) * 0.2
        return {TOP1: test + 0.001 * seed, VALIDATION: 0.9 if lr == 0.1 else 0.5}

    axes = {"method.loss": ["margin", "nt_logistic", "nt_xent"], "training.lr": [0.1, 1.0]}
    return make.grid(axes, values)


def prepare(trials, **config):
    return plugin.prepare(Results(trials), plugin.Config(**config))


def means(info):
    return [bar.estimate.mean for bar in info.bars]


def test_the_cell_is_chosen_on_validation_and_shown_on_test(losses):
    info = prepare(losses)
    assert [(bar.value, bar.candidates) for bar in info.bars] == [("margin", 2), ("nt_logistic", 2), ("nt_xent", 2)]
    assert means(info) == pytest.approx([0.301, 0.401, 0.501]) and {bar.settings for bar in info.bars} == {"lr 0.1"}
    assert "validation accuracy" in plugin.draw(info).layout.meta["caption"]


def test_without_validation_the_caption_says_what_that_means(losses):
    info = prepare(losses.drop(columns=[VALIDATION]))
    assert means(info) == pytest.approx([0.501, 0.601, 0.701])
    assert "looks better than it is" in plugin.draw(info).layout.meta["caption"]


def test_published_values_are_hollow_and_on_their_own_axis(losses):
    drawn = plugin.draw(prepare(losses, references=References(id="simclr.table4")))
    (paper,) = [trace for trace in drawn.data if trace.yaxis == "y2"]
    assert list(paper.y) == pytest.approx([50.9, 51.6, 63.9]) and paper.marker.symbol.endswith("-open")
    assert "Shape agreement with simclr.table4" in drawn.layout.meta["caption"]


def test_the_papers_axis_names_no_share_that_cannot_be(make):
    near = {"margin": 0.50, "nt_logistic": 0.51, "nt_xent": 0.53}  # stretched to 13 points, the axis reaches below 0
    losses = make.grid({"method.loss": list(near)}, lambda seed, loss: {TOP1: near[loss]})
    drawn = plugin.draw(prepare(losses, references=References(id="simclr.table4")))
    assert drawn.layout.yaxis2.range[0] < 0 and drawn.layout.yaxis2.range[1] < 150
    assert list(drawn.layout.yaxis2.tickvals) == [0, 50]


def test_a_value_without_a_result_keeps_its_place(make, losses):
    for row in range(6):
        losses = make.fail(losses, row)
    info = prepare(losses)
    assert [bar.estimate.n for bar in info.bars] == [0, 3, 3]
    drawn = plugin.draw(info)
    assert any(trace.type == "scatter" and trace.text == ("—",) for trace in drawn.data)


def test_no_axis_makes_no_bars(make):
    with pytest.raises(NothingToDraw, match="No axis"):
        prepare(make.grid({"method.loss": ["nt_xent"]}, lambda seed, loss: {TOP1: 0.5}))
