"""What a running trial says: records (one number each) and artifacts (one file each)."""

import math
import time
from dataclasses import asdict, dataclass, field

from probeline.storage.paths import StoragePath


@dataclass(frozen=True, slots=True)
class Record:
    """One finite number of a trial.

    `name` is "protocol/name" (`linear_probe/top1`, `train/loss`); `step` counts epochs, 0 for a final result;
    `time` is Unix seconds, stamped once so that a replay is recognised.
    """

    name: str
    value: float
    step: int = 0
    time: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"{self.name} at step {self.step} is {self.value}: a record is a finite number")

    def as_dict(self) -> dict:
        """The record as JSON-able values; `Record(**d)` reads it back."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a trial, `path` where it was made, `name` its path among the trial's artifacts."""

    name: str
    path: StoragePath


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about a trial.

    `name` is what it concerns: a protocol, where `text` says why there is no number; what training had to do,
    `micro_batch` and `resumed`; or the arithmetic, `precision` in training and `evaluation_precision`.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """A protocol that crashed: `name` is the protocol's; it left no record and no artifact."""

    name: str
    message: str
    traceback: str


TrialEvent = Record | Artifact | Note | ProtocolError
