"""What a run would do: the trials of an experiment, and which of them have finished. Starts nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from probeline.data.store import digest_of_path, facts
from probeline.execution.planning import seed_waves
from probeline.execution.planning.auto_gpus import Cards, cards_here, chosen_gpus, peak_of
from probeline.execution.planning.finished_teachers import with_finished_teachers
from probeline.execution.planning.label_changes import label_changes
from probeline.execution.planning.without_effect import without_effect
from probeline.execution.ray.retry_policy import rule
from probeline.experiment import tuned
from probeline.experiment.canonical import canonical_json
from probeline.experiment.checks import check_sizes
from probeline.experiment.epoch_size import EpochSize, TrainSize, epoch_size
from probeline.experiment.grid import cells, expand
from probeline.experiment.identity import all_data, data_key, trials, weights_key, weights_path
from probeline.experiment.schema import Experiment
from probeline.experiment.trial import Cell, Trial
from probeline.experiment.tuned import Study
from probeline.tracking.reading.results import TrialStatus, statuses
from probeline.tracking.reading.studies import StudyProgress, progress

WORDS = {"missing": "new", "running": "unfinished"}
"""Statuses in words; a run in status RUNNING whose driver died is unfinished."""
PARTLY = "finished in part"
"""What a trial is whose training has finished and of whose protocols some crashed."""


@dataclass(frozen=True)
class Plan:
    """The trials in the order in which they run, the status of each, and remarks such as merged twins.

    `train_sizes`, `test_sizes`: of each training split and the samples of each test split, by `data_key`. `studies`:
    those that have still to choose; their cells' trials stand in `trials` under ids that no run has. `tuned`: the id
    of every study by the label of its cell. `progress`: how far those are that have begun, by id. `waves`: the
    comparisons that decide how many seeds run; `trials` are then those wanted by now.
    """

    experiment: Experiment
    trials: list[Trial]
    digests: Mapping[str, str]
    statuses: Mapping[str, TrialStatus]
    notes: list[str]
    train_sizes: Mapping[str, TrainSize] = field(default_factory=dict)
    test_sizes: Mapping[str, int] = field(default_factory=dict)
    studies: list[Study] = field(default_factory=list)
    tuned: Mapping[str, str] = field(default_factory=dict)
    progress: Mapping[str, StudyProgress] = field(default_factory=dict)
    waves: seed_waves.SeedWaves | None = None

    @cached_property
    def _sizes(self) -> dict[int, TrainSize]:
        return {}

    @cached_property
    def _epochs(self) -> dict[tuple[int, int, int], EpochSize | None]:
        return {}

    @cached_property
    def waiting(self) -> frozenset[str]:
        """The labels of the cells whose studies have still to choose."""
        return frozenset(study.cell.label for study in self.studies)

    @property
    def todo(self) -> list[Trial]:
        """What is not settled. Failed trials run again, but for diverged ones: the same seed diverges again."""
        return list(self._todo)

    @cached_property
    def _todo(self) -> list[Trial]:
        chosen = (trial for trial in self.trials if trial.cell.label not in self.waiting)
        unsettled = (remaining(trial, self.statuses[trial.id]) for trial in chosen)
        return [trial for trial in unsettled if trial is not None]

    def train_size(self, trial: Trial) -> int:
        """The number of samples that a trial's training set has."""
        return self._train_size(trial).samples

    def epoch_size(self, trial: Trial) -> EpochSize | None:
        """What an epoch of a trial's training has, as far as it is known."""
        recipe = trial.cell.recipe
        key = id(recipe.data), id(recipe.encoder), id(recipe.method)  # shared between cells: each trial is asked for
        if key not in self._epochs:
            self._epochs[key] = epoch_size(recipe.method, recipe.encoder, self._train_size(trial))
        return self._epochs[key]

    def _train_size(self, trial: Trial) -> TrainSize:
        data = trial.cell.recipe.data  # shared between cells: its key is computed once
        if id(data) not in self._sizes:
            self._sizes[id(data)] = self.train_sizes[data_key(trial.cell.recipe)]
        return self._sizes[id(data)]

    def data_digest(self, trial: Trial) -> str:
        """The content digest of a trial's data."""
        return self.digests[data_key(trial.cell.recipe)]

    def test_samples(self, trial: Trial) -> int:
        """The size of the test split that a trial is evaluated on."""
        return self.test_sizes[data_key(trial.cell.recipe)]

    def word(self, trial: Trial) -> str:
        """`new`, `unfinished`, `finished`, PARTLY, `failed`, or `to tune` where its values are not chosen yet."""
        if trial.cell.label in self.waiting:
            return "to tune"
        if self.statuses[trial.id].protocols:
            return PARTLY
        return WORDS.get(self.statuses[trial.id].status, self.statuses[trial.id].status)

    def counts(self) -> dict[str, int]:
        """How many trials there are of each word."""
        return dict(Counter(self.word(trial) for trial in self.trials))

    def by_cell(self) -> dict[str, dict[str, int]]:
        """The same for every cell, by label, in order."""
        counts: dict[str, dict[str, int]] = {}
        for trial in self.trials:
            of_cell, word = counts.setdefault(trial.cell.label, {}), self.word(trial)
            of_cell[word] = of_cell.get(word, 0) + 1
        return counts


def settled(status: TrialStatus) -> bool:
    """Whether a trial needs no further run."""
    if status.status == "finished":
        return not status.protocols
    return status.status == "failed" and not rule(status.failure).again


def remaining(trial: Trial, status: TrialStatus) -> Trial | None:
    """What has still to run of a trial: nothing, all of it, or the protocols that crashed."""
    if settled(status):
        return None
    crashed = tuple(name for name in trial.cell.recipe.protocols if name in status.protocols)
    if trial.protocols == (crashed or None):
        return trial
    return replace(trial, protocols=crashed or None)


def make(experiment: Experiment, uri: str, cards: Cards | None = None) -> Plan:
    """Expands an experiment and looks up what has finished in the MLflow at `uri`.

    Data sets that no trial has read yet are decoded here, as their content is part of the trials' ids.

    Args:
        cards: GPUs that `resources.gpus: auto` may use; this machine's where it is left out.

    Raises:
        SpecError: a batch is larger than its training set, or too small for its workers.
        UserError: data, weights or MLflow cannot be read.
    """
    grid, encoder_ids = with_finished_teachers(experiment, cells(experiment), uri)
    data = {key: facts(section) for key, section in data_sections(grid).items()}
    sizes = {key: TrainSize(fact.train_size, fact.train_values) for key, fact in data.items()}
    check_sizes(experiment, grid, {key: size.samples for key, size in sizes.items()})
    digests = {key: fact.digest for key, fact in data.items()} | weight_digests(grid) | encoder_ids
    tuning = _tuning(experiment, uri, digests)
    planned, notes = _trials(experiment, grid, tuning, digests)
    notes += [*without_effect(grid, data), *label_changes(grid), *tuning.notes]
    notes += dict.fromkeys(remark for fact in data.values() for remark in fact.remarks)
    states = statuses(uri, [trial.id for trial in planned], experiment.name)
    waves = seed_waves.of(experiment, grid, planned, states, uri)
    planned = planned if waves is None else waves.wave()
    cards = cards or cards_here()
    resources, note = chosen_gpus(
        experiment.resources, cards, lambda: peak_of(planned, experiment.resources, uri, cards.models)
    )
    return Plan(
        experiment.model_copy(update={"resources": resources}),
        planned,
        digests,
        states,
        notes + ([note] if note else []),
        sizes,
        {key: fact.test_size for key, fact in data.items()},
        list(tuning.waiting.values()),
        tuning.ids,
        tuning.progress,
        waves,
    )


@dataclass(frozen=True)
class _Tuning:
    """The studies by the label of their cell: the cells with the values that ended ones chose, and those that wait."""

    ids: dict[str, str]
    progress: Mapping[str, StudyProgress]
    winners: dict[str, Cell]
    waiting: dict[str, Study]

    @property
    def notes(self) -> list[str]:
        reached = {label: self.progress[self.ids[label]] for label in self.winners}
        return [f"{label!r}: tuned with {study.tried} trials: {study.values}" for label, study in reached.items()]


def _tuning(experiment: Experiment, uri: str, digests: Mapping[str, str]) -> _Tuning:
    studies = tuned.studies(experiment, expand(experiment), digests)
    ids = {label: study.id for label, study in studies.items()}
    reached = progress(uri, ids.values()) if studies else {}
    winners = {}
    for label, study in studies.items():
        ended = study.id in reached and reached[study.id].tried >= study.tune.points
        values = reached[study.id].values if ended else None
        if values is not None:
            winners[label] = study.cell_with(values)
    waiting = {label: study for label, study in studies.items() if label not in winners}
    return _Tuning(ids, reached, winners, waiting)


def _trials(
    experiment: Experiment, grid: list[Cell], tuning: _Tuning, digests: Mapping[str, str]
) -> tuple[list[Trial], list[str]]:
    """The trials in the order in which they run, by seed and then by cell, and remarks on merged twins."""
    ready = [tuning.winners.get(cell.label, cell) for cell in grid if cell.label not in tuning.waiting]
    planned, notes = trials(ready, experiment.seed_values, digests)
    planned += [study.waiting(seed) for study in tuning.waiting.values() for seed in experiment.seed_values]
    cell_order = {cell.label: number for number, cell in enumerate(grid)}
    seed_order = {seed: number for number, seed in enumerate(experiment.seed_values)}
    planned.sort(key=lambda trial: (seed_order[trial.seed], trial.cell.rank, cell_order[trial.cell.label]))
    return planned, notes


def data_sections(grid: list[Cell]) -> dict[str, dict[str, Any]]:
    """Every data set that the cells or their protocols read, by its canonical JSON."""
    # Cells share the sections of their recipes.
    distinct = {(id(cell.recipe.data), id(cell.recipe.evaluation)): cell.recipe for cell in grid}
    return {canonical_json(data.as_dict()): data.as_dict() for recipe in distinct.values() for data in all_data(recipe)}


def weight_digests(grid: list[Cell]) -> dict[str, str]:
    """The digest of every file or folder that an encoder starts from."""
    distinct = {id(cell.recipe.encoder): cell.recipe.encoder for cell in grid}
    files = {key: encoder for encoder in distinct.values() if (key := weights_key(encoder)) is not None}
    return {key: digest_of_path(Path(str(weights_path(encoder)))) for key, encoder in files.items()}
