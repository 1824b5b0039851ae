"""Simulated results of seeds whose true mean is known: what coverage and error rates are measured on."""

import math
from collections.abc import Callable

import numpy as np
from probeline.statistics.differences import Scores
from probeline.statistics.intervals import UNKNOWN, Measurement
from probeline.statistics.measurement import binomial_variance

ACCURACY, SEED_SPREAD = 0.6, 0.01  # of simulated accuracies: mean, standard deviation over seeds
Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.normal(size=shape)


def gamma(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.gamma(4, size=shape) - 4


def lognormal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.lognormal(0, 1, shape) - math.exp(0.5)


def outliers(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """One seed in ten with five times the standard deviation."""
    return np.where(rng.random(shape) < 0.1, 5.0, 1.0) * rng.normal(size=shape)


def failures(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """One seed in ten five standard deviations lower."""
    return rng.normal(size=shape) - 5 * (rng.random(shape) < 0.1) + 0.5


def two_groups(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Half of the seeds eight standard deviations above the others."""
    return rng.choice([-2.0, 2.0], shape) + 0.5 * rng.normal(size=shape)


def tied(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Rounded so coarsely that four pairs of seeds in ten are equal."""
    return np.round(0.6 * rng.normal(size=shape))


def accuracies(test_samples: int) -> Draw:
    """Shares of a test set that are right: seeds scatter by a point, and each share is binomial."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        chances = np.clip(ACCURACY + SEED_SPREAD * rng.normal(size=shape), 0, 1)
        return rng.binomial(test_samples, chances) / test_samples

    return draw


TEST_SAMPLES = (100, 500, 5000)
SEEDS = (2, 3, 5, 10)
CONTINUOUS: dict[str, Draw] = {
    "normal": normal,
    "gamma, shape 4": gamma,
    "lognormal, sigma 1": lognormal,
    "outliers": outliers,
    "failures": failures,
    "two groups": two_groups,
    "tied": tied,
}
DISCRETE: dict[str, Draw] = {f"accuracy on {n}": accuracies(n) for n in TEST_SAMPLES}


def measured(values: list[float], test_samples: int | None) -> Scores:
    """A cell's scores as a report has them; None: the size of the test split was not recorded."""
    noise = Measurement(binomial_variance(values, test_samples)) if test_samples else UNKNOWN
    return Scores(dict(enumerate(values)), noise)
