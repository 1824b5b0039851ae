import pytest
from probeline.core.figure import NothingToDraw
from probeline.experiment.references import References
from probeline.report.figures import metrics_against_axis as plugin
from probeline.report.results.results import Results

TOP1 = "linear_probe/top1"
NAMES = ("contrastive/accuracy", "contrastive/entropy", TOP1)
TABLE5 = References(id="simclr.table5", axes={"l2_norm": "method.normalise"})


@pytest.fixture
def temperatures(make):
    def values(seed, normalise, temperature):
        return {TOP1: 0.4 + 0.01 * seed, "contrastive/accuracy": 0.9 - temperature / 10, "contrastive/entropy": 4.0}

    return make.grid({"method.normalise": [True, False], "method.temperature": [0.1, 0.5, 1]}, values)


def prepare(trials, **config):
    config = {"metrics": NAMES, "x": "method.temperature", "line": "method.normalise", **config}
    return plugin.prepare(Results(trials), plugin.Config(**config))


def test_each_metric_has_a_row_a_cell(temperatures):
    metrics = prepare(temperatures).metrics
    assert [sum(cell.estimate.n for cell in part.cells) for part in metrics] == [18, 18, 18]
    top1 = [cell.estimate for cell in metrics[2].cells if cell.x == 0.5]
    assert [estimate.mean for estimate in top1] == pytest.approx([0.41, 0.41])
    assert [estimate.line for estimate in top1] == ["normalise=True", "normalise=False"]


def test_the_paper_has_a_panel_for_each_metric_that_it_printed(temperatures):
    info = prepare(temperatures, references=TABLE5)
    drawn = plugin.draw(info)
    titles = [note.text for note in drawn.layout.annotations]
    assert len(titles) == 6 and sum("published" in title for title in titles) == 3
    entropy = [point.value for point in info.metrics[1].points if point.line]
    assert entropy == [4.5, 8.2, 8.3]


def test_a_cell_without_a_result_is_an_open_mark(make, temperatures):
    for row in range(3):
        temperatures = make.fail(temperatures, row)
    drawn = plugin.draw(prepare(temperatures))
    assert any(str(trace.marker.symbol).endswith("-open") and "diverged" in trace.hovertext[0] for trace in drawn.data)


def test_metrics_that_nobody_recorded_are_nothing_to_draw(temperatures):
    with pytest.raises(NothingToDraw, match="rankme/h"):
        prepare(temperatures, metrics=("rankme/h",))
