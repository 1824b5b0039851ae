"""What a run would do: the trials of an experiment, and which of them have finished. Starts nothing."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from probeline.data.store import digest_of_file, facts
from probeline.spec.grid import cells
from probeline.spec.identity import canonical_json, trials
from probeline.spec.load import check_sizes
from probeline.spec.schema import Experiment
from probeline.spec.trial import Trial
from probeline.tracking.results import TrialStatus, statuses


@dataclass(frozen=True)
class Plan:
    """The trials in the order in which they run, what is known of each, and remarks such as merged twins."""

    experiment: Experiment
    trials: list[Trial]
    statuses: dict[str, TrialStatus]
    notes: list[str]

    def status(self, trial: Trial) -> str:
        """`finished`, `failed`, `running` or `missing`."""
        return self.statuses[trial.id].status if trial.id in self.statuses else "missing"

    @property
    def todo(self) -> list[Trial]:
        """What is not finished; failed trials are run again, but for diverged ones, which would diverge again."""
        return [trial for trial in self.trials if not self._settled(trial)]

    def _settled(self, trial: Trial) -> bool:
        known = self.statuses.get(trial.id)
        return known is not None and (known.status == "finished" or known.failure == "diverged")

    def counts(self) -> dict[str, int]:
        """How many trials are new, finished, failed or unfinished."""
        words = {"missing": "new", "running": "unfinished"}
        return dict(Counter(words.get(self.status(t), self.status(t)) for t in self.trials))


def make(experiment: Experiment, uri: str) -> Plan:
    """Expands an experiment and looks up what has finished.

    Data sets that no trial has read yet are decoded here, as their content is part of the trials' ids.

    Raises:
        SpecError: a batch is larger than its training set.
        UserError: data, weights or the tracking server cannot be read.
    """
    grid = cells(experiment)
    sections = {canonical_json(cell.recipe["data"]): cell.recipe["data"] for cell in grid}
    known = {key: facts(section) for key, section in sections.items()}
    check_sizes(experiment, grid, {key: fact.train_size for key, fact in known.items()})
