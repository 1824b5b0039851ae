"""Seeds until decided, simulated: false claims, power, coverage, and seeds against a fixed number of equal power."""

from collections.abc import Callable, Iterator

import numpy as np
from probeline.statistics.power import detectable
from probeline.statistics.sequential import Looks, look_p_values
from scipy import special

from tests.benchmarks.row import Row

EXPERIMENTS = 3_000
EFFECT = 1.5  # standard deviations of one arm
Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def normal(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    return rng.normal(size=size)


def skewed(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Lognormal of mean 0 and standard deviation 1."""
    return (rng.lognormal(0.0, 1.0, size) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)


def rows() -> Iterator[Row]:
    for name, draw in {"normal": normal, "skewed": skewed}.items():
        for most in (5, 10, 20):
            yield from _rows(name, draw, Looks(3, most))


def _rows(name: str, draw: Draw, looks: Looks) -> Iterator[Row]:
    rng = np.random.default_rng(1)
    nothing = draw(rng, (EXPERIMENTS, looks.most)) - draw(rng, (EXPERIMENTS, looks.most))
    there = nothing + EFFECT
    claimed, _, held = _stopped(nothing, looks, 0.0)
    power, seeds, held_there = _stopped(there, looks, EFFECT)
    of = f"seeds until decided, {name} seeds, {looks.first} to {looks.most}"
    yield Row(f"{of}: false claims", 100 * claimed, "%", target="at most 5%", met=claimed <= 0.05)
    yield Row(
        f"{of}: coverage", 100 * min(held, held_there), "%", target="at least 94%", met=min(held, held_there) >= 0.94
    )
    fixed = _fixed(power, np.sqrt(2))
    yield Row(f"{of}: seeds for a power of {power:.0%}", seeds, "seeds", fixed, "a fixed number", fixed / seeds)


def _stopped(differences: np.ndarray, looks: Looks, truth: float) -> tuple[float, float, float]:
    """(share that claims a difference, mean number of seeds, share of intervals that hold `truth` where one stops)."""
    p_values = look_p_values(differences)
    p_values[:, : looks.first - 1] = 1.0
    below = p_values < looks.level
    decided = below.any(axis=1)
    n = np.where(decided, below.argmax(axis=1) + 1, looks.most)
    means = np.array([row[:count].mean() for row, count in zip(differences, n, strict=True)])
    errors = np.array([row[:count].std(ddof=1) for row, count in zip(differences, n, strict=True)]) / np.sqrt(n)
    half = special.stdtrit(n - 1, 1 - looks.level / 2) * errors
    return float(decided.mean()), float(n.mean()), float((np.abs(means - truth) <= half).mean())


def _fixed(power: float, deviation: float) -> int:
    """The fewest seeds, looked at once, with this power at EFFECT."""
    return next(n for n in range(2, 200) if detectable(n, deviation, min(power, 0.9999)) <= EFFECT)
