"""Plans of a collection: of each of its experiments the cells that its rows name, or why they cannot be planned."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probeline.core.count_of import count_of
from probeline.errors import TrialError, UserError
from probeline.execution.planning.plan import Plan, make
from probeline.execution.planning.plan_text import as_dict as plan_dict
from probeline.execution.planning.plan_text import in_words
from probeline.experiment.collection import Collection, System, experiments
from probeline.experiment.problems import SpecError, printable
from probeline.experiment.schema import Experiment


@dataclass(frozen=True)
class PlannedPart:
    """The part of one experiment that a collection shows. Without `plan`, `reason` says what its data lacks."""

    spec: str
    file: Path
    experiment: Experiment
    plan: Plan | None
    reason: str = ""

    @property
    def name(self) -> str:
        """The experiment's name, and its scale where it has one: unique in a collection."""
        scale = self.experiment.scale
        return f"{self.experiment.name}-{scale}" if scale else self.experiment.name

    def shows(self, row: System, scale: str | None) -> bool:
        """Whether a row of the collection, at one of its scales, is of this part."""
        return row.spec == self.spec and row.scale_of(self.experiment, scale) == self.experiment.scale

    @property
    def command(self) -> str:
        """The experiment's file, and its scale as an option, as a user types them."""
        return f"{self.file}{f' --scale {self.experiment.scale}' if self.experiment.scale else ''}"


def plans(
    path: Path, collection: Collection, uri: str, scale: str | None, sets: tuple[str, ...]
) -> Iterator[PlannedPart]:
    """A part for each experiment and scale that the rows name, in order.

    Raises:
        SpecError: a mistake in an experiment, or in what a row names.
    """
    for spec in collection.specs:
        for experiment in experiments(path, collection, spec, scale, sets):
            yield _planned(spec, path.parent / spec, experiment, uri)


def _planned(spec: str, file: Path, experiment: Experiment, uri: str) -> PlannedPart:
    try:
        return PlannedPart(spec, file, experiment, make(experiment, uri))
    except SpecError:
        raise
    except (UserError, TrialError) as error:  # data that is absent or damaged: the other rows do not need it
        return PlannedPart(spec, file, experiment, None, printable(" ".join(str(error).split())))


def as_dict(collection: Collection, parts: list[PlannedPart]) -> dict[str, Any]:
    """The same for programs: each experiment's plan, or the reason why there is none."""
    plans = [
        {"file": str(part.file), "reason": part.reason} | (plan_dict(part.plan) if part.plan else {}) for part in parts
    ]
    return {"name": collection.name, "systems": [row.model_dump() for row in collection.collection], "plans": plans}


def text(collection: Collection, parts: list[PlannedPart]) -> str:
    """What a run would do, for a person: a line an experiment, then what has no data."""
    todo = sum(len(part.plan.todo) for part in parts if part.plan)
    lines = [
        f"{collection.name}: {count_of(len(collection.collection), 'system')} of "
        f"{count_of(len(parts), 'experiment')}, {count_of(todo, 'trial')} to run"
    ]
    width = max(len(part.command) for part in parts)
    for part in parts:
        words = in_words(part.plan.counts()) if part.plan else f"cannot run: {part.reason}"
        lines.append(f"  {part.command:{width}}  {words}")
    return "\n".join(lines)
