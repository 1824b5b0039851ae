import numpy as np
from probeline.data.series.pictures import SIDE, bars, trajectory


def test_a_line_runs_from_its_first_point_to_its_last_upwards():
    picture = trajectory(np.array([[0.0, 0.0, 9.0], [1.0, 1.0, 3.0]]))[..., 0]
    assert picture.shape == (SIDE, SIDE) and picture[SIDE - 4, 4] < 128 and picture[4, SIDE - 4] < 128
    assert picture[:20, :20].min() == 255 and (picture < 128).sum() > 60


def test_a_dot_and_a_single_channel_are_drawn_too():
    assert (trajectory(np.array([[3.0, 3.0]])) < 128).any()
    assert (trajectory(np.sin(np.arange(30.0))[:, None]) < 128).sum() > 30


def test_values_are_bars_between_the_least_and_the_greatest():
    picture = bars(np.array([0.0, 5.0, 10.0, 7.0]), np.array([0.0, 0.0, 0.0, 7.0]), np.array([10.0, 10.0, 10.0, 7.0]))
    dark = (picture[..., 0] < 128).mean(0)
    assert dark[[0, 6, 12, 18]].tolist() == [0, 0.5, 1, 0.5]
