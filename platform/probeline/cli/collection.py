"""plan, run and status of a collection; `cli.app` calls them for files of that kind."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from probeline.cli.messages import echo
from probeline.cli.options import same_trials
from probeline.cli.output import CommandOutput
from probeline.errors import UserError

if TYPE_CHECKING:
    from probeline.api.workspace import Workspace
    from probeline.execution.planning.collected import PlannedPart
    from probeline.execution.ray.scheduler import Budget
    from probeline.experiment.collection import Collection


def planned(
    spec: Path, scale: str | None, sets: list[str] | None, workspace: "Workspace"
) -> "tuple[Collection, list[PlannedPart]]":
    """The collection, and a plan for each of its experiments. Raises UserError."""
    from probeline.execution.planning.collected import plans
    from probeline.experiment.collection import load_collection
    from probeline.tracking.reading.results import store_errors
    from probeline.tracking.server.acceptance import check

    collection = load_collection(spec)
    parts = list(plans(spec, collection, workspace.uri, scale, tuple(sets or ())))
    with store_errors(workspace.uri):
        for part in parts:
            check(workspace.uri, part.experiment.name)
    return collection, parts


def of_one(options: str, given: Sequence[object]) -> None:
    """Refuses options that are for one experiment. Raises UserError."""
    if any(value is not None for value in given):
        raise UserError(f"{options}: for one experiment, not for a collection; name the experiment's file")


def plan(
    spec: Path, scale: str | None, sets: list[str] | None, workspace: "Workspace", limits: Sequence[object]
) -> CommandOutput:
    """What a run of a collection would do; `limits`: options that are for one experiment."""
    from probeline.execution.planning.collected import as_dict, text

    of_one("--max-hours, --max-gpu-hours, --max-trials, --cluster", limits)
    collection, parts = planned(spec, scale, sets, workspace)
    return CommandOutput(as_dict(collection, parts), text(collection, parts))


def status(spec: Path, scale: str | None, sets: list[str] | None, workspace: "Workspace") -> CommandOutput:
    """The state of every trial that a collection shows, failures with their reason."""
    from probeline.execution.planning.plan_text import rows, status_text

    parts = planned(spec, scale, sets, workspace)[1]
    return CommandOutput(
        [{"experiment": part.name} | row for part in parts if part.plan for row in rows(part.plan)],
        "\n\n".join(
            status_text(part.plan) if part.plan else f"{part.experiment.name}: {part.reason}" for part in parts
        ),
    )


def run(
    spec: Path,
    scale: str | None,
    sets: list[str] | None,
    address: str | None,
    workspace: "Workspace",
    budget: "Budget",
) -> CommandOutput:
    """Run what a collection's experiments have left to do, one after the other; Ctrl-C stops them all."""
    from probeline.api import running
    from probeline.execution.planning.collected import text

    of_one("--max-hours, --max-gpu-hours, --max-trials", [budget or None])
    collection, parts = planned(spec, scale, sets, workspace)
    echo(text(collection, parts))
    answers, worst = [], 0
    for part in parts:
        if part.plan is None or not part.plan.todo:
            continue
        echo("")
        outcome = running.run(part.experiment, workspace, address=address, show=echo)
        echo(outcome.summary(same_trials(part.file, part.experiment.scale, sets, workspace.tracking_uri)))
        answers.append({"experiment": part.name} | outcome.as_dict())
        worst = max(worst, outcome.exit_code)
        if outcome.exit_code >= 128:  # stopped by a signal: what follows is not wanted now
            break
    following = f"Build the page:  probeline report {same_trials(spec, scale, sets, workspace.tracking_uri)}"
    return CommandOutput({"name": collection.name, "runs": answers, "exit_code": worst}, f"\n{following}", worst)
