"""The source of trials where seeds run until comparisons are decided: a wave once the one before it has ended."""

from collections import deque
from collections.abc import Iterable, Sequence

from probeline.core.events import Record
from probeline.execution.planning.seed_waves import SeedWaves
from probeline.execution.ray.retry_policy import rule
from probeline.experiment.trial import Trial


class SeedSource:
    """Further seeds of the comparisons that are undecided.

    A trial that is stopped, or fails in a way that the next run tries again, has no value yet: its comparisons wait for
    the next run.
    """

    def __init__(self, waves: SeedWaves, planned: Iterable[Trial]) -> None:
        """`planned`: the trials that the run, or one before it, has in hand already."""
        self.waves = waves
        self.handed_out = {trial.id for trial in planned}
        self.ready: deque[Trial] = deque()
        self.values: dict[str, float] = {}

    def next(self) -> Trial | None:
        return self.ready.popleft() if self.ready else None

    def heard(self, trial: Trial, records: Sequence[Record]) -> bool:
        for record in records:
            if record.name == self.waves.metric:
                self.values[trial.id] = record.value
        return True

    def ended(self, trial: Trial, failure: str | None) -> None:
        value = self.values.pop(trial.id, None)
        if failure == "stopped" or (failure is not None and rule(failure).again) or (failure is None and value is None):
            return
        self.waves = self.waves.with_outcome(trial, value if failure is None else None)
        further = [each for each in self.waves.wave() if each.id not in self.handed_out]
        self.handed_out |= {each.id for each in further}
        self.ready.extend(further)

    def tags(self, trial: Trial) -> dict[str, str]:
        return {}

    @property
    def waiting(self) -> list[Trial]:
        return list(self.ready)
