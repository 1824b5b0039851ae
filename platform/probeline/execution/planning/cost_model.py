"""What trials will cost, from what finished ones have cost: means, and 95% intervals that say how little is known."""

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from probeline.experiment.resources import Resources
from probeline.experiment.trial import Trial
from probeline.tracking.reading.costs import Cost, Shape, Shapes

OVERHEAD = 0.3
"""Seconds between two trials of a warm worker: `make bench` measures 0.1 to 0.4."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Measurements of one thing: `n`, `mean`, standard deviation `spread` (None of a single one)."""

    n: int
    mean: float
    spread: float | None
    rough: bool = False

    @classmethod
    def of(cls, values: Sequence[float], *, rough: bool = False) -> "Sample":
        return cls(len(values), fmean(values), stdev(values) if len(values) > 1 else None, rough)


@dataclass(frozen=True)
class Price:
    """One trial's seconds as a sum of `count * sample.mean`; `left_out` names what was never measured."""

    parts: tuple[tuple[float, Sample], ...]
    left_out: str = ""

    @property
    def seconds(self) -> float:
        """The expected time, `left_out` aside."""
        return OVERHEAD + sum(count * sample.mean for count, sample in self.parts)

    @property
    def complete(self) -> bool:
        """Whether nothing is left out."""
        return not self.left_out


@dataclass(frozen=True)
class Total:
    """The time of several trials, in seconds of one worker; `half_width` is None where a spread is unknown."""

    seconds: float
    half_width: float | None
    unknown: int
    rough: bool


def total(prices: Iterable[Price]) -> Total:
    """The sum of prices with its 95% interval.

    Trials with one sample behind them share the error of its mean: for counts c and n measurements of standard
    deviation s the variance of the sum is s^2 (sum c^2 + (sum c)^2 / n), with Student's t of n - 1 degrees.
    """
    prices = list(prices)
    counts: dict[Sample, list[float]] = defaultdict(list)
    for price in prices:
        for count, sample in price.parts:
            if count:
                counts[sample].append(count)
    square = 0.0
    for sample, having in counts.items():
        if sample.spread is None:
            square = math.nan
            break
        variance = sample.spread**2 * (sum(c * c for c in having) + sum(having) ** 2 / sample.n)
        square += student(sample.n - 1) ** 2 * variance
    return Total(
        sum(price.seconds for price in prices),
        None if math.isnan(square) else math.sqrt(square),
        sum(not price.complete for price in prices),
        any(sample.rough for sample in counts),
    )


def student(degrees: int) -> float:
    """The 97.5% quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))


class Prices:
    """The price list of one machine: measurements on `device` where there are any, else on whatever else there was.

    `elsewhere` names the devices whose measurements had to do.
    """

    def __init__(self, costs: Iterable[Cost], device: str) -> None:
        self.elsewhere: set[str] = set()
        self.measured: dict[str, float] = {}
        self._device = device
        self._images: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._evaluations: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for cost in costs:
            seconds = 0.0 if cost.train_seconds == 0 else 1 / cost.images_per_second if cost.images_per_second else None
            if seconds is not None:
                for key in (cost.shape.alike, cost.shape.roughly):
                    self._images[key][cost.device].append(seconds)
            if cost.eval_seconds is not None:
                self._evaluations[cost.shape.evaluation][cost.device].append(cost.eval_seconds)
        self._samples: dict[tuple[str, bool], Sample] = {}

    def learn(self, of: Shape, seconds_an_image: float) -> None:
        """Adds what a probe has just measured here."""
        self._images[of.alike][self._device].append(seconds_an_image)

    def price(self, of: Shape, images: int | None, *, trained: bool) -> Price:
        """A trial of this shape with `images` to train on, all epochs together; `trained`: its encoder is there."""
        parts, left_out = [], []
        if images != 0 and not trained:
            rate = self._sample(of.alike, self._images) or self._sample(of.roughly, self._images, rough=True)
            if rate is None or images is None:
                left_out.append("training")
            else:
                parts.append((float(images), rate))
        evaluation = self._sample(of.evaluation, self._evaluations)
        parts += [(1.0, evaluation)] if evaluation else []
        left_out += [] if evaluation else ["evaluation"]
        return Price(tuple(parts), " and ".join(left_out))

    def knows_training(self, of: Shape) -> bool:
        """Whether the time of an image of this shape was measured, alike or roughly."""
        return of.alike in self._images or of.roughly in self._images

    def _sample(self, key: str, table: dict, *, rough: bool = False) -> Sample | None:
        if key not in table:
            return None
        if (key, rough) not in self._samples:
            by_device = table[key]
            values = by_device.get(self._device) or [each for values in by_device.values() for each in values]
            if self._device not in by_device:
                self.elsewhere |= set(by_device)
            self._samples[key, rough] = Sample.of(values, rough=rough)
        return self._samples[key, rough]


def prices_of(
    trials: Sequence[Trial],
    resources: Resources,
    samples: Prices,
    images: Callable[[Trial], int | None],
    trained: set[str],
) -> list[Price]:
    """The price of each trial in the order of a run: the first of an encoder trains it, the others find it."""
    trained, shapes = set(trained), Shapes(resources)
    prices = []
    for trial in trials:
        prices.append(samples.price(shapes.of(trial), images(trial), trained=trial.encoder_id in trained))
        trained.add(trial.encoder_id)
    return prices


def ends(seconds: Iterable[float], slots: int) -> list[float]:
    """When each trial ends, in seconds from the start, if `slots` run at once and each goes to the first free one."""
    free = [0.0] * max(1, slots)
    times = []
    for each in seconds:
        end = heapq.heappop(free) + each
        heapq.heappush(free, end)
        times.append(end)
    return times
