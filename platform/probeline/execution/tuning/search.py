"""Optuna in a cell: the one owner of every study, who asks, hears what tuning trials say, and tells.

A study lives in a journal file beside the encoders, so a killed driver's study goes on: what was asked and not told is
run again with the same values.
"""

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from probeline.core.events import Record
from probeline.errors import UserError
from probeline.experiment.trial import Trial
from probeline.experiment.tuned import Study
from probeline.experiment.tuning import Range, Tune
from probeline.tracking.reading.studies import VALUE

try:
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import TrialState
except ImportError as error:
    raise UserError("tune: needs Optuna; pip install 'probeline[tune]' brings it") from error

optuna.logging.set_verbosity(optuna.logging.ERROR)


@dataclass
class Asked:
    """One point of a study: its values, what each of its seeds has come to, and other points of the same values."""

    number: int
    values: dict[str, Any]
    todo: deque[int]
    scores: dict[int, float] = field(default_factory=dict)
    twins: list[int] = field(default_factory=list)


class Search:
    """One study."""

    def __init__(self, study: Study, folder: Path) -> None:
        self.plan, self.tune = study, study.tune
        folder.mkdir(parents=True, exist_ok=True)
        storage = JournalStorage(JournalFileBackend(str(folder / f"{study.id}.journal")))
        self.optuna = optuna.create_study(
            storage=storage,
            study_name=study.id,
            direction=self.tune.direction,
            sampler=sampler(self.tune, study.id, len(_finished_trials(storage, study.id))),
            load_if_exists=True,
        )
        self.pruner = pruner(self.tune)
        before = self.optuna.get_trials(deepcopy=False)
        if self.tune.sampler == "grid" and not before:
            for point in grid(self.tune):
                self.optuna.enqueue_trial(point)
        self.ready: deque[Asked] = deque()
        self.open: dict[str, tuple[Asked, int]] = {}
        for trial in before:
            if trial.state == TrialState.RUNNING:
                self._line_up(self._asked(trial.number, trial.params))

    def next(self) -> Trial | None:
        """A tuning trial to run now; None where it must first hear of those that run, or all are asked."""
        while not self.ready and self._count() < self.limit:
            point = self.optuna.ask({key: distribution(given) for key, given in self.tune.space.items()})
            self._line_up(self._asked(point.number, point.params))
        if not self.ready:
            return None
        asked = self.ready.popleft()
        seed = asked.todo.popleft()
        trial = self.plan.tuning_trial(asked.values, seed)
        self.open[trial.id] = (asked, seed)
        return trial

    @property
    def limit(self) -> int:
        """How many points it tries: the spec's, but no more than a grid has."""
        return min(self.tune.trials, len(grid(self.tune))) if self.tune.sampler == "grid" else self.tune.trials

    @property
    def over(self) -> bool:
        """Whether every point has ended."""
        return not self.open and not self.ready and self._count() >= self.limit

    def heard(self, trial: Trial, records: Sequence[Record]) -> bool:
        """Takes a tuning trial's records; whether it continues."""
        asked, seed = self.open[trial.id]
        for record in records:
            if record.name == self.tune.metric:
                asked.scores[seed] = record.value  # by seed, as a retried trial records its numbers again
        if self.tune.asha is None or seed != self.tune.seeds[0]:
            return True
        steps = [record for record in records if record.name == self.tune.asha.metric]
        return not any(self._behind(asked, record) for record in steps)

    def ended(self, trial: Trial, failure: str | None) -> Record | None:
        """A tuning trial has ended; the study's new point of history, where this makes one."""
        asked, _ = self.open.pop(trial.id)
        if failure is not None or not asked.scores:
            # Told as pruned, a diverged or hopeless value counts as a bad one; any other failure says nothing of it.
            bad = failure in ("stopped", "diverged")
            for number in (asked.number, *asked.twins):
                self.optuna.tell(number, state=TrialState.PRUNED if bad else TrialState.FAIL)
        elif asked.todo:
            self.ready.appendleft(asked)
        else:
            score = fmean(asked.scores.values())
            for number in (asked.number, *asked.twins):
                self.optuna.tell(number, score)
            return Record(VALUE, score, asked.number + 1)
        return None

    def history(self) -> list[dict[str, Any]]:
        """Every point: number, state, value, values of the keys."""
        return [
            {"number": trial.number, "state": trial.state.name.lower(), "value": trial.value}
            | {"values": self._values(trial.params)}
            for trial in self.optuna.get_trials(deepcopy=False)
        ]

    def best(self) -> tuple[dict[str, Any], float] | None:
        """The values that did best and their score; None where no point was completed."""
        if not self.optuna.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            return None
        return self._values(self.optuna.best_trial.params), self.optuna.best_value

    def importance(self) -> dict[str, float]:
        """How much of the variance of the scores each key explains (fANOVA); {} where that cannot be estimated."""
        try:
            importances = optuna.importance.get_param_importances(self.optuna)
        except (RuntimeError, ValueError, ImportError):  # too few points, or all alike
            return {}
        return {key: float(value) for key, value in importances.items()}

    def _behind(self, asked: Asked, record: Record) -> bool:
        """Whether asynchronous successive halving ends the point at this epoch."""
        asha = self.tune.asha
        assert asha is not None
        sign = 1.0 if asha.direction == self.tune.direction else -1.0  # Optuna compares in the study's direction
        storage, trial_id = self.optuna._storage, self.optuna.get_trials(deepcopy=False)[asked.number]._trial_id
        storage.set_trial_intermediate_value(trial_id, record.step, sign * record.value)
        return self.pruner.prune(self.optuna, self.optuna.get_trials()[asked.number])

    def _count(self) -> int:
        states = (TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
        return len(self.optuna.get_trials(deepcopy=False, states=states))

    def _line_up(self, asked: Asked) -> None:
        """Queues a point; one with the values of another one shares that one's trials and outcome."""
        in_hand = [*self.ready, *(other for other, _ in self.open.values())]
        twin = next((other for other in in_hand if other.values == asked.values), None)
        complete = self.optuna.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        score = next((trial.value for trial in complete if self._values(trial.params) == asked.values), None)
        if twin is not None:
            twin.twins.append(asked.number)
        elif score is not None:
            self.optuna.tell(asked.number, score)
        else:
            self.ready.append(asked)

    def _asked(self, number: int, params: dict[str, Any]) -> Asked:
        return Asked(number, self._values(params), deque(self.tune.seeds))

    def _values(self, params: dict[str, Any]) -> dict[str, Any]:
        return {key: decoded(self.tune.space[key], value) for key, value in params.items()}


def sampler(tune: Tune, study_id: str, finished: int) -> "optuna.samplers.BaseSampler":
    """The spec's sampler; a study that goes on does not draw its first numbers again."""
    seed = (int(study_id[:7], 16) + finished) % 2**32
    if tune.sampler == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    return optuna.samplers.RandomSampler(seed=seed)  # a grid's points are enqueued


def pruner(tune: Tune) -> "optuna.pruners.BasePruner":
    """Asynchronous successive halving, or none."""
    if tune.asha is None:
        return optuna.pruners.NopPruner()
    asha = tune.asha
    return optuna.pruners.SuccessiveHalvingPruner(min_resource=asha.min_epochs, reduction_factor=asha.reduction)


def distribution(given: Range) -> "BaseDistribution":
    """A range as Optuna's; a choice as its index, as choices may be whole components."""
    if given.choice is not None:
        return CategoricalDistribution(list(range(len(given.choice))))
    low, high = given.ends
    return IntDistribution(low, high) if given.int_ else FloatDistribution(low, high, log=bool(given.log_uniform))


def decoded(given: Range, value: Any) -> Any:
    """What Optuna suggested, as the recipe has it."""
    return given.choice[value] if given.choice is not None else value


def grid(tune: Tune) -> list[dict[str, Any]]:
    """Every point of a grid, the last key fastest, as Optuna's parameters."""
    axes = [
        range(len(each.choice)) if each.choice else range(each.ends[0], each.ends[1] + 1)
        for each in tune.space.values()
    ]
    return [dict(zip(tune.space, point, strict=True)) for point in itertools.product(*axes)][: tune.trials]


def _finished_trials(storage: Any, study_id: str) -> list:
    names = {study.study_name: study._study_id for study in storage.get_all_studies()}
    return storage.get_all_trials(names[study_id], deepcopy=False) if study_id in names else []
