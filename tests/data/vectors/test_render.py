import torch
from probeline.data.vectors.render import SIDE, render


def test_bars_stand_on_the_middle_line():
    picture = render(torch.tensor([2.0, -1.0, 0.0, 1.0]).sinh())[0]
    assert picture.shape == (SIDE, SIDE)
    heights = (picture == 0).sum(0)[SIDE // 8 :: SIDE // 4]
    assert heights.tolist() == [SIDE // 2, SIDE // 4, 0, SIDE // 4]
    below = (picture[SIDE // 2 :] == 0).any(0)[SIDE // 8 :: SIDE // 4]
    assert below.tolist() == [False, True, False, False]


def test_zeros_and_nothing_are_an_empty_sheet():
    for values in (torch.zeros(3), torch.zeros(0)):
        assert torch.equal(render(values), torch.ones(1, SIDE, SIDE))
