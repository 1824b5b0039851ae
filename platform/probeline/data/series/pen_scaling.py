"""Pen trajectories in units in which signatures of any size and place compare, and at any number of points."""

import numpy as np


def centred(points: np.ndarray) -> np.ndarray:
    """points: [T, 2], x and y -> the mean at 0 and a root mean square distance of 1 from it; a dot stays at 0."""
    moved = points - points.mean(0)
    size = np.sqrt((moved**2).sum(1).mean())
    return moved / size if size > 0 else moved


def standardised(values: np.ndarray) -> np.ndarray:
    """values: [T] -> mean 0 and standard deviation 1; a constant becomes 0."""
    moved = values - values.mean()
    deviation = moved.std()
    return moved / deviation if deviation > 0 else moved


def resampled(series: np.ndarray, times: np.ndarray, count: int) -> np.ndarray:
    """series: [T, F] at ascending times [T] -> [count, F], evenly spaced in time, between points on a line.

    Of points at one time the last one counts. A series of one point, or of no duration, is repeated or spread by point.
    """
    steps = np.unique(times, return_index=True)[1]
    last = np.append(steps[1:], len(times)) - 1
    if len(last) < 2:
        times, last = np.arange(len(series), dtype=float), np.arange(len(series))
    at = np.linspace(times[last[0]], times[last[-1]], count)
    return np.stack([np.interp(at, times[last], column) for column in series[last].T], axis=1)
