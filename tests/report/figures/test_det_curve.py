import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.figures import det_curve as plugin
from probeline.report.results.results import Results

RATES = {"0.1pct": 0.4, "1pct": 0.2, "10pct": 0.05, "50pct": 0.0}


@pytest.fixture
def verified(make):
    def values(seed, method):
        factor = 1.0 if method == "siamese" else 0.5
        return {f"verification/fnmr/{fmr}": factor * rate * (1 + seed / 100) for fmr, rate in RATES.items()}

    return make.grid({"method": ["siamese", "triplet"]}, values)


def test_every_rate_of_a_cell_is_a_point_in_the_order_of_false_matches(verified):
    info = plugin.prepare(Results(verified), plugin.Config())
    siamese = [point for point in info.points if point.estimate.cell == info.cells[0]]
    assert [point.fmr for point in siamese] == [0.001, 0.01, 0.1, 0.5]
    assert [point.estimate.mean for point in siamese] == pytest.approx([0.404, 0.202, 0.0505, 0.0])
    assert {point.estimate.n for point in siamese} == {3}


def test_rates_of_0_have_no_mark_and_both_axes_are_logarithmic(verified):
    figure = plugin.draw(plugin.prepare(Results(verified), plugin.Config()))
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert [len(trace.x) for trace in lines] == [3, 3]
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def test_experiments_without_verification_are_nothing_to_draw(make):
    trials = make.grid({"method": ["a", "b"]}, lambda seed, method: {"knn/top1": 0.5})
    with pytest.raises(NothingToDraw, match="verification"):
        plugin.prepare(Results(trials), plugin.Config())
