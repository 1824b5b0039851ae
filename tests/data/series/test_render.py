import pytest
import torch
from probeline.data.series.render import MARGIN, SIDE, render


def ink(picture):
    return picture[0] < 0.5


def test_a_line_to_the_right_and_up_runs_from_the_lower_left_corner_to_the_upper_right():
    drawn = ink(render(torch.tensor([[0.0, 0.0], [1.0, 1.0]])))
    rows, columns = drawn.nonzero().T
    assert (rows + columns - (SIDE - 1)).abs().max() <= 1
    assert columns.min() in (MARGIN - 1, MARGIN) and columns.max() in (SIDE - MARGIN - 1, SIDE - MARGIN)


@pytest.mark.parametrize("down", [1.0, 0.7])
def test_a_move_with_the_pen_up_is_not_drawn(down):
    x = torch.tensor([0.0, 1.0, 9.0, 10.0])
    pen = torch.tensor([down, down, 0.0, down])
    drawn = ink(render(torch.stack([x, torch.zeros(4), torch.rand(4) + 0.1, pen], dim=1)))[
        SIDE // 2 - 1 : SIDE // 2 + 1
    ]
    assert drawn[:, MARGIN + 1].any() and drawn[:, SIDE - MARGIN - 2].any() and not drawn[:, SIDE // 2].any()


def test_one_column_is_a_curve_over_time():
    drawn = ink(render(torch.linspace(-1, 1, 50)[:, None]))
    rows, columns = drawn.nonzero().T
    assert (rows + columns - (SIDE - 1)).abs().max() <= 1


@pytest.mark.parametrize("values", [torch.zeros(1, 2), torch.zeros(5, 3), torch.full((2, 1), 7.0)])
def test_a_dot_is_seen(values):
    assert ink(render(values)).any()


def test_no_point_is_an_empty_sheet():
    assert torch.equal(render(torch.zeros(0, 2)), torch.ones(1, SIDE, SIDE))
