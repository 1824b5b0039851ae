"""How many samples, pairs or windows a training epoch has, as far as that is known before the training."""

from dataclasses import dataclass

from probeline.experiment.resolved import ResolvedComponent
from probeline.plugins.declarations import declaration


@dataclass(frozen=True)
class TrainSize:
    """Of a training split: its samples, and about how many values they have together, None of samples of one shape."""

    samples: int
    values: int | None = None


@dataclass(frozen=True)
class EpochSize:
    """What training.batch_size divides: `count`, a guess of some windows fewer or more if not `exact`."""

    count: int
    exact: bool = True


def epoch_size(method: ResolvedComponent, encoder: ResolvedComponent, size: TrainSize) -> EpochSize | None:
    """The epoch of a method on a training split of this size.

    None where only the training tells: pairs from a list, and windows whose length the encoder's own files hold.
    Raises UnknownPlugin, BrokenPlugin.
    """
    (kind,) = declaration("methods", method.as_dict()).epoch
    if kind == "samples":
        return EpochSize(size.samples)
    if kind == "windows":
        length = method.parameters.get("context") or encoder.parameters.get("context")
        return EpochSize(size.values // length, exact=False) if size.values and length else None
    if method.parameters.get("list") is not None:
        return None
    return EpochSize(method.parameters.get("pairs") or size.samples)
