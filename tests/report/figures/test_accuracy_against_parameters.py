import pytest
from probeline.core.figure import NothingToDraw
from probeline.experiment.references import References
from probeline.report.figures import accuracy_against_parameters as plugin
from probeline.report.figures._style import GREY
from probeline.report.results.results import Results

TOP1 = "linear_probe/top1"


@pytest.fixture
def sizes(make):
    def values(seed, method, width):
        return {TOP1: 0.3 + width / 100 + 0.1 * (method == "supervised"), "cost/parameters": 700.0 * width**2}

    return make.grid({"method": ["simclr", "supervised"], "encoder.width": [4, 8, 16]}, values)


def prepare(trials, **config):
    return plugin.prepare(Results(trials), plugin.Config(**config))


def test_counts_are_exact_and_on_the_hover(sizes):
    cells = prepare(sizes).cells
    assert [cell.parameters for cell in cells] == [11200, 44800, 179200] * 2
    assert "44,800 parameters" in cells[1].hover and [cell.supervised for cell in cells] == [False] * 3 + [True] * 3


def test_supervised_cells_are_grey_crosses(sizes):
    drawn = plugin.draw(prepare(sizes))
    (cross,) = [trace for trace in drawn.data if trace.name == "supervised"]
    assert (cross.marker.symbol, cross.marker.color, cross.mode) == ("x", GREY, "markers")


def test_published_points_stand_at_their_own_counts(sizes):
    info = prepare(sizes, references=References(id="simclr.fig7"))
    points = {point.id: point for point in info.published.points}
    assert points["simclr.fig7.100ep.r18"].parameters == pytest.approx(11.2e6)
    assert points["simclr.fig7.supervised.r50"].supervised and not points["simclr.fig7.100ep.r50"].supervised
    drawn = plugin.draw(info)
    hollow = [trace for trace in drawn.data if trace.yaxis == "y2"]
    assert [trace.marker.symbol for trace in hollow] == ["circle-open", "x-open"]
    assert sum(len(trace.x) for trace in hollow) == 19


def test_the_shape_is_compared_over_depth_and_width_once_a_cell(make):
    def values(seed, method, depth, width):
        return {TOP1: 0.3 + width / 100 + depth / 1000, "cost/parameters": 700.0 * width**2 + depth}

    axes = {"method": ["simclr"], "encoder.depth": [18, 34, 50], "encoder.width": [4, 8, 16]}
    told = prepare(make.grid(axes, values), references=References(id="simclr.fig7")).published
    assert "by order: width 4, 8, 16 here beside 1, 2, 4 in the paper" in told.notes
    assert "the order agrees; Spearman 0.90" in told.agreement and "9 matched cells" in told.agreement


def test_without_counts_there_is_nothing_to_draw(sizes):
    with pytest.raises(NothingToDraw, match="count of parameters"):
        prepare(sizes.drop(columns=["cost/parameters"]))
