"""What a number of seeds can tell: the smallest difference that a paired t test finds, and the seeds for another."""

import math
from functools import cache

from scipy import special

POWER, LEVEL = 0.8, 0.05
MAX_SEEDS = 1000


def detectable(seeds: int, deviation: float, power: float = POWER) -> float:
    """The smallest true mean difference that paired seeds find in a share `power` of experiments; infinite below two.

    Args:
        seeds: paired seeds.
        deviation: standard deviation of the paired differences, in the metric's unit; the result has the same unit.
    """
    return math.inf if seeds < 2 else _standardised(seeds, power) * deviation


def seeds_needed(difference: float, deviation: float, power: float = POWER) -> int | None:
    """The fewest paired seeds that find a true mean difference in a share `power` of experiments.

    None where more than a thousand would be needed. Raises ValueError unless both are above zero.
    """
    if difference <= 0 or deviation <= 0:
        raise ValueError(f"difference {difference}, deviation {deviation}: both are above zero")
    low, high = 2, MAX_SEEDS
    if detectable(high, deviation, power) > difference:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if detectable(middle, deviation, power) <= difference else (middle + 1, high)
    return low


@cache
def _standardised(seeds: int, power: float) -> float:
    """The difference in standard deviations whose two-sided t test of LEVEL has this power, by bisection."""
    low, high = 0.0, 1000.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _power(middle, seeds) < power else (low, middle)
    return high


def _power(standardised: float, seeds: int) -> float:
    """P(t > its critical value) of the noncentral t with noncentrality d sqrt(n); the far side adds next to nothing."""
    critical = float(special.stdtrit(seeds - 1, 1 - LEVEL / 2))
    below = float(special.nctdtr(seeds - 1, standardised * math.sqrt(seeds), critical))
    return 1 - below if math.isfinite(below) else 1.0
