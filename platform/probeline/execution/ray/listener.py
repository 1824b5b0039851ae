"""What the engine reports to: the contract between Ray's events and a run's record."""

from collections.abc import Sequence
from typing import Protocol

from probeline.core.events import TrialEvent
from probeline.execution.ray.scheduler import Scheduler
from probeline.experiment.trial import Trial


class Listener(Protocol):
    """Receiver of a run's events; no call blocks. Tuning decides by `received` whether a trial continues."""

    scheduler: Scheduler

    def started(self, trial: Trial) -> None: ...
    def placed(self, trial: Trial, device: str) -> None: ...
    def received(self, trial: Trial, events: Sequence[TrialEvent]) -> bool:
        """Whether the trial continues."""

    def returned(self, trial: Trial) -> None:
        """The trial was not started, as its worker is replaced; it is scheduled again."""

    def held(self, trial: Trial) -> None:
        """The trial was not started, as its worker only occupies a card that is set aside; it is scheduled again."""

    def set_aside(self, card: str) -> None:
        """The GPU has failed too often and is no longer used."""

    def finished(self, trial: Trial) -> None: ...
    def failed(self, trial: Trial, kind: str, message: str, traceback: str) -> None: ...
    def stopped(self, trial: Trial) -> None:
        """The trial has ended because it was asked to."""
