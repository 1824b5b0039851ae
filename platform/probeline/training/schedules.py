"""Learning rates: the rule for the batch size, warm-up, and the decay."""

import math
from dataclasses import dataclass

from probeline.experiment.schema import Training


def peak_rate(training: Training) -> float:
    """The rate after warm-up, of lr at batch size B0: lr, lr * B / B0 (`linear`) or lr * sqrt(B / B0) (`sqrt`).

    Source: Goyal et al. 2017, arXiv 1706.02677, section 2.1; SimCLR, section 2.3 and B.1: 0.3 B / 256, 0.075 sqrt(B).
    """
    ratio = training.batch_size / training.lr_batch_size
    return training.lr * {"none": 1.0, "linear": ratio, "sqrt": math.sqrt(ratio)}[training.scaling]


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up to `peak` over `warmup` steps, then `kind` to the end of `total` steps.

    The first update has peak / warmup and an epoch floor(N / B) steps. SimCLR's code begins with a rate of 0, warms up
    over floor(warmup_epochs * N / B) steps and trains for floor(epochs * N / B) + 1: with 10 of 100 epochs of ImageNet,
    in batches of 256 to 8,192, the rates of the same step differ by up to 0.27% of the peak; with a warm-up of few
    steps, by up to one part in so many.
    """

    peak: float
    warmup: int
    total: int
    kind: str

    @classmethod
    def of(cls, training: Training, steps_per_epoch: int) -> "Schedule":
        """The schedule of a recipe's training section."""
        warmup = round(training.warmup_epochs * steps_per_epoch)
        return cls(peak_rate(training), warmup, training.epochs * steps_per_epoch, training.schedule)

    def __call__(self, step: int) -> float:
        """The rate of update number `step`, counted from 0."""
        if step < self.warmup or self.kind == "constant":
            return self.undecayed(step)
        done = (step - self.warmup) / max(1, self.total - self.warmup)
        return self.peak * 0.5 * (1 + math.cos(math.pi * done))

    def undecayed(self, step: int) -> float:
        """The rate of update number `step` without the decay: the warm-up, then the peak."""
        return self.peak * min(1.0, (step + 1) / self.warmup) if self.warmup else self.peak
