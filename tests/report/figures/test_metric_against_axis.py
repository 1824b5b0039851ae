import numpy as np
import pytest
from probeline.core.figure import NothingToDraw
from probeline.experiment.references import References
from probeline.report.figures import metric_against_axis as plugin
from probeline.report.figures._positions import positions
from probeline.report.results.results import Results
from probeline.statistics.intervals import estimate

TOP1 = "linear_probe/top1"


def prepare(trials, **config):
    return plugin.prepare(Results(trials), plugin.Config(**config))


def test_a_row_holds_a_cells_mean_and_interval(trials):
    (row,) = [cell for cell in prepare(trials).cells if cell.cell == "simclr batch_size=128"]
    values = list(trials[trials["cell"] == "simclr batch_size=128"][TOP1])
    expected = estimate(values)
    assert (row.line, row.x, row.position, row.n) == ("simclr", 128, 7.0, 3)
    assert (row.mean, row.low, row.high) == (expected.mean, expected.interval.low, expected.interval.high)
    assert list(row.values.values()) == values


def test_arms_have_no_place_on_the_axis(trials):
    assert [cell.line for cell in prepare(trials).cells if cell.position is None] == ["random_init", "raw_pixels"]


def test_positions_are_log2_linear_or_equal_steps():
    assert positions((64, 128, 512)) == {64: 6.0, 128: 7.0, 512: 9.0}
    assert positions((1, 2, 3)) == {1: 1.0, 2: 2.0, 3: 3.0}
    assert positions(("a", "b")) == {"a": 0.0, "b": 1.0}
    assert positions((0, 0.001, 1)) == {0: 0.0, 0.001: 1.0, 1: 2.0}


def test_bands_of_many_lines_give_way_to_words(make):
    many = make.grid({"method": [f"m{i}" for i in range(9)], "training.batch_size": [32, 64]}, _by_seed)
    drawn = plugin.draw(prepare(many))
    assert not any(trace.fill == "toself" for trace in drawn.data) and drawn.layout.yaxis.range[0] > 40
    assert "intervals would hide each other" in drawn.layout.meta["caption"]
    few = plugin.draw(prepare(many[many["cell"].str.contains("m[0-7]")]))
    assert any(trace.fill == "toself" for trace in few.data)


def _by_seed(seed, method, batch_size):
    return {TOP1: 0.5 + 0.01 * seed + 0.001 * int(method[1:])}


def test_one_seed_has_no_band(make):
    info = prepare(make.trials(seeds=1))
    assert all(np.isnan(cell.low) and cell.n == 1 for cell in info.cells)
    fills = [trace.fill for trace in plugin.draw(info).data]
    assert "toself" not in fills


def test_a_missing_cell_breaks_its_line_and_is_drawn_open(make, trials):
    for row in (3, 4, 5):
        trials = make.fail(trials, row)
    info = prepare(trials)
    assert info.cells[1].n == 0 and info.cells[1].missing == tuple(f"seed {s}: diverged" for s in range(3))
    drawn = plugin.draw(info)
    line = next(trace for trace in drawn.data if trace.name == "simclr" and trace.mode == "lines+markers")
    assert line.y[1] is None and not line.connectgaps
    opened = [trace for trace in drawn.data if str(trace.marker.symbol).endswith("-open")]
    assert len(opened) == 1 and "seed 0: diverged" in opened[0].hovertext[0]


def test_every_mean_tells_its_n_interval_and_trials(trials):
    drawn = plugin.draw(prepare(trials))
    words = next(trace.hovertext[0] for trace in drawn.data if trace.name == "simclr" and trace.mode == "lines+markers")
    assert "95% interval" in words and "3 seeds" in words and trials.loc[0, "trial_id"] in words


def test_a_wide_interval_does_not_squeeze_the_seeds(make):
    drawn = plugin.draw(prepare(make.trials(seeds=2, spread=0.03)))
    low, high = drawn.layout.yaxis.range
    seeds = make.trials(seeds=2, spread=0.03)[TOP1] * 100
    assert high - low < 2.6 * (seeds.max() - seeds.min())
    assert "run past the axis" in drawn.layout.meta["caption"]


def test_a_grid_without_a_numeric_axis_is_said_to_have_none(make):
    with pytest.raises(NothingToDraw, match="No axis has two numeric values"):
        prepare(make.trials(sizes=(64,)))


def test_without_a_result_there_is_nothing_to_draw(trials):
    with pytest.raises(NothingToDraw, match="No trial has finished with knn/auc"):
        prepare(trials, metric="knn/auc")


def test_published_points_are_hollow_marks_on_an_axis_of_their_own(make):
    trials = make.trials(levels={"simclr": 0.3}, sizes=(256, 512, 1024), arms={})
    info = prepare(trials, references=References(id="simclr.fig9", only={"epochs": 100}))
    assert [(point.x, point.line) for point in info.published.points] == [
        (256, "simclr"),
        (512, "simclr"),
        (1024, "simclr"),
    ]
    drawn = plugin.draw(info)
    (paper,) = [trace for trace in drawn.data if trace.yaxis == "y2"]
    assert list(paper.y) == pytest.approx([57.52, 60.71, 62.77], abs=0.5) and paper.marker.symbol == "circle-open"
    assert "source: " in paper.hovertext[0] and "confidence 0.96" in paper.hovertext[0]
    caption = drawn.layout.meta["caption"]
    assert "compare shapes, not heights" in caption and "Shape agreement with simclr.fig9: cannot tell" in caption


def test_without_references_there_is_no_second_axis(trials):
    drawn = plugin.draw(prepare(trials))
    assert "yaxis2" not in drawn.layout and "ublished" not in drawn.layout.meta["caption"]


def test_seeds_and_bands_of_a_crowd_give_way_to_its_means(make):
    def drawn(count):
        trials = make.trials(levels={f"m{i:02}": 0.6 + i / 100 for i in range(count)}, arms={})
        return plugin.draw(prepare(trials))

    few, many = drawn(plugin.CROWD), drawn(plugin.CROWD + 1)
    assert len(few.data) == 2 * plugin.CROWD and len(many.data) == plugin.CROWD + 1
    assert "13 lines would hide each other" in many.layout.meta["caption"]
    low, high = many.layout.yaxis.range
    assert all(low < y < high for trace in many.data for y in trace.y)
    assert "95% interval" in many.data[0].hovertext[0]
