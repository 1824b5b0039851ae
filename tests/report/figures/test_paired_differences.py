import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.figures import paired_differences as plugin
from probeline.report.results.results import Results

TOP1 = "linear_probe/top1"


def prepare(trials, baseline="random_init"):
    return plugin.prepare(Results(trials), plugin.Config(baseline=baseline))


def test_points_are_the_differences_of_the_same_seed(trials):
    row = prepare(trials).cells[0].estimate
    ours = trials[trials["cell"] == "simclr batch_size=64"].set_index("seed")[TOP1]
    theirs = trials[trials["cell"] == "random_init"].set_index("seed")[TOP1]
    assert row.points == pytest.approx((ours - theirs).to_dict())
    assert row.mean == pytest.approx((ours - theirs).mean()) and row.n == 3


def test_a_seed_that_one_side_lacks_is_in_no_pair(make, trials):
    row = prepare(make.fail(trials, 0)).cells[0].estimate
    assert row.n == 2 and list(row.points) == [1, 2] and "seed 0 finished on one side only" in row.hover


def test_what_hovering_says_is_corrected_for_the_number_of_rows(make):
    trials = make.trials(levels={f"m{i}": 0.64 for i in range(20)} | {"far": 0.65}, spread=0.003)
    cells = prepare(trials).cells
    hover = [one.estimate.hover for one in cells if one.verdict in ("higher", "lower")]
    corrected = [words for words in hover if words.startswith("Cannot tell")]
    assert len(corrected) > 15 and all("among 64 comparisons" in words for words in corrected)
    (pixels,) = [one.estimate.hover for one in cells if one.estimate.cell == "raw_pixels"]
    assert pixels.startswith("raw_pixels is worse than random_init by 5.3 points")


def test_the_baseline_itself_has_no_row(trials):
    cells = [one.estimate.cell for one in prepare(trials).cells]
    assert "random_init" not in cells and len(cells) == 10


@pytest.mark.parametrize("baseline", [None, "byol"])
def test_without_a_baseline_there_is_nothing_to_draw(trials, baseline):
    with pytest.raises(NothingToDraw, match=r"baseline|byol"):
        prepare(trials, baseline)


def test_zero_is_drawn(trials):
    drawn = plugin.draw(prepare(trials))
    assert [shape.x0 for shape in drawn.layout.shapes] == [0]
    assert drawn.layout.xaxis.range[0] < 0 < drawn.layout.xaxis.range[1]
