"""Collections: one YAML file that shows systems of several experiments side by side, each beside its floor.

A row names an experiment, the cell that shows the system, and the cell that it must beat. It has no recipe of its own,
so its trials are those of the experiment: what has run there is finished here, and the other way round.
"""

import json
import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from probeline.core.settings import Settings
from probeline.experiment import extends
from probeline.experiment.collection_file import KEY
from probeline.experiment.grid import expand, only
from probeline.experiment.load import load
from probeline.experiment.problems import Problem, SpecError, unknown
from probeline.experiment.schema import Experiment
from probeline.experiment.validation import complaints
from probeline.experiment.yaml_source import SpecSource

Text = Annotated[str, Field(min_length=1)]


class System(Settings):
    """One row: a system, the paper it is from, and the cells of an experiment that show it and its floor."""

    system: Text
    paper: Text
    protocol: Text = Field(description="How the paper judges it, in a few words.")
    spec: Text = Field(description="The experiment's file, relative to this one.")
    cell: Text = Field(description="The label of the cell that shows the system.")
    floor: Text | None = Field(None, description="The label of the cell that it must beat; null: the cell itself.")
    metric: str | None = Field(None, description="protocol/name; null: the experiment's own.")
    floor_metric: str | None = Field(None, description="The floor's; null: the same.")
    scales: dict[str, str | None] = Field(
        default_factory=dict,
        description="The experiment's scale at one of the collection; null: the file as it is.",
    )

    @model_validator(mode="after")
    def _has_a_floor(self) -> Self:
        if self.floor in (None, self.cell) and self.floor_metric in (None, self.metric):
            raise ValueError(
                "names no floor; allowed: another cell as floor, or another metric of the cell as floor_metric"
            )
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The cells that the row needs, each once."""
        return tuple(dict.fromkeys((self.cell, self.floor or self.cell)))

    def scale_of(self, experiment: Experiment, scale: str | None) -> str | None:
        """The experiment's scale at one of the collection: as `scales` says, else that of its name."""
        return self.scales.get(scale, scale if scale in experiment.scales else None) if scale else None


class Collection(Settings):
    """A question to many experiments, and a row for each system."""

    name: str
    question: str = ""
    expected: str = ""
    notes: str = ""
    collection: list[System] = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _fit_for_a_file(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            raise ValueError("allowed: up to 100 letters, digits, '-', '_' and '.', as it names files")
        return name

    @property
    def specs(self) -> list[str]:
        """The experiments' files as the rows write them, each once."""
        return list(dict.fromkeys(row.spec for row in self.collection))


def load_collection(path: Path) -> Collection:
    """The collection in a file. Raises SpecError with all mistakes in it; its experiments are not read."""
    tree = extends.read(path)
    if tree.problems:
        raise SpecError(tree.problems)
    try:
        return Collection.model_validate_json(json.dumps(tree.value), strict=True)
    except ValidationError as error:
        mistakes = complaints(Collection, error, tree.value)
        raise SpecError([tree.source.problem(at, message) for at, message in mistakes]) from None


def check_collection(path: Path) -> None:
    """Refuses a collection that names what is not there, in its experiments as they are.

    Raises SpecError with the mistakes of all of them.
    """
    collection = load_collection(path)
    problems: list[Problem] = []
    for spec in collection.specs:
        try:
            experiments(path, collection, spec, None, ())
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)


def source_of(path: Path) -> SpecSource:
    """Where the parts of a collection stand."""
    return extends.read(path).source


def experiments(
    path: Path, collection: Collection, spec: str, scale: str | None, sets: tuple[str, ...]
) -> list[Experiment]:
    """The experiment of `spec` with the cells of its rows alone: one for each of its scales that the rows ask for.

    Raises:
        SpecError: there is no such file, the experiment has mistakes, or no cell of that label; the message names the
            row's line.
    """
    file = path.parent / spec
    numbered = [(number, row) for number, row in enumerate(collection.collection) if row.spec == spec]
    if not file.exists():
        source = source_of(path)
        absent = f"{spec!r}: no such file; a spec is named relative to this file's folder"
        raise SpecError(source.problem((KEY, number, "spec"), absent) for number, _ in numbered)
    whole = load(file)
    by_scale: dict[str | None, list[tuple[int, System]]] = {}
    for number, row in numbered:
        by_scale.setdefault(row.scale_of(whole, scale), []).append((number, row))
    return [_restricted(path, load(file, each, sets), rows) for each, rows in by_scale.items()]


def _restricted(path: Path, experiment: Experiment, rows: list[tuple[int, System]]) -> Experiment:
    labels = [cell.label for cell in expand(experiment).cells]
    wanted = [(number, key, name) for number, row in rows for key, name in (("cell", row.cell), ("floor", row.floor))]
    absent = [(number, key, name) for number, key, name in wanted if name is not None and name not in labels]
    if absent:
        source = source_of(path)
        raise SpecError(
            source.problem((KEY, number, key), f"{name!r} in {experiment.source.name}: {unknown(name, labels)}")
            for number, key, name in absent
        )
    return only(experiment, {label for _, row in rows for label in row.labels})
