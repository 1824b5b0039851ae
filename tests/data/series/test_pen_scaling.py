import numpy as np
import pytest
from probeline.data.series import pen_scaling


def test_a_drawing_of_any_size_and_place_is_the_same_in_its_own_units():
    points = np.random.default_rng(0).normal(size=(9, 2))
    ours = pen_scaling.centred(points)
    np.testing.assert_allclose(pen_scaling.centred(7 * points + [3, -40]), ours, atol=1e-12)
    assert np.sqrt((ours**2).sum(1).mean()) == pytest.approx(1) and np.allclose(ours.mean(0), 0)


def test_a_dot_and_a_constant_stay_finite():
    assert pen_scaling.centred(np.array([[5.0, 5.0]])).tolist() == [[0, 0]]
    assert pen_scaling.standardised(np.full(4, 9.0)).tolist() == [0, 0, 0, 0]


def test_a_standardised_channel_has_mean_0_and_deviation_1():
    values = pen_scaling.standardised(np.array([1.0, 2.0, 6.0]))
    assert values.mean() == pytest.approx(0) and values.std() == pytest.approx(1)


def test_resampling_is_even_in_time_and_keeps_the_ends():
    series, times = np.array([[0.0], [10.0], [40.0]]), np.array([0.0, 1.0, 4.0])
    assert pen_scaling.resampled(series, times, 5)[:, 0].tolist() == [0, 10, 20, 30, 40]


def test_of_points_at_one_time_the_last_counts():
    series, times = np.array([[0.0], [5.0], [8.0], [9.0]]), np.array([0.0, 1.0, 1.0, 2.0])
    assert pen_scaling.resampled(series, times, 3)[:, 0].tolist() == [0, 8, 9]


def test_a_series_without_duration_is_spread_by_point():
    assert pen_scaling.resampled(np.array([[1.0], [3.0]]), np.zeros(2), 3)[:, 0].tolist() == [1, 2, 3]
    assert pen_scaling.resampled(np.array([[1.0]]), np.zeros(1), 2)[:, 0].tolist() == [1, 1]
