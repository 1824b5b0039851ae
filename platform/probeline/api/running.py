"""Training and evaluating what an experiment has left to do."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from probeline.api.planning import plan
from probeline.api.specs import Spec, folder_of, text_of
from probeline.api.workspace import Workspace, writable_folder
from probeline.execution.code_changes import code_changes
from probeline.execution.jobs.job_entrypoint import submitted_changes, submitted_provenance
from probeline.execution.notifications import silence
from probeline.execution.planning import forecast, planned_tuning_trials
from probeline.execution.planning.absent_teachers import require_teachers
from probeline.execution.planning.gpu_use import unused_gpus
from probeline.execution.planning.plan import Plan
from probeline.execution.planning.plan_text import headline
from probeline.execution.progress import ProgressDisplay, watch
from probeline.execution.ray.address import target
from probeline.execution.ray.scheduler import NO_LIMIT, Budget
from probeline.execution.recorder import Outcome
from probeline.execution.run import RunEnvironment
from probeline.execution.run import run as run_plan
from probeline.experiment.trial import Trial
from probeline.plugins.catalog import external_plugins
from probeline.tracking.server.location import check_writable
from probeline.tracking.writing.experiments import describe
from probeline.tracking.writing.gpus import gpus
from probeline.tracking.writing.provenance import collect

__all__ = ["Budget", "run"]


def run(
    spec: Spec,
    workspace: Workspace | None = None,
    budget: Budget = NO_LIMIT,
    address: str | None = None,
    cluster: str | None = None,
    show: Callable[[str], None] = print,
) -> Outcome:
    """Trains and evaluates what has not finished yet; interrupted, the same call resumes.

    Progress is a live table on a terminal and in a notebook with ipywidgets, else a line a trial.

    Args:
        budget: `Budget(max_hours=2)`; what does not fit is left for the next run. address: of a Ray cluster to join.
        cluster: CPUS[,GPUS] that the budget counts with, else this machine's. show: gets notes and the headline.

    Returns:
        Which trials finished, failed or were interrupted; `exit_code` is 0 if all is well.

    Raises:
        UserError: a mistake in the spec, folders that cannot be written, a teacher whose encoder is lost, or another
            run of it at work.
    """
    workspace = workspace or Workspace()
    storage, joined = workspace.encoders_at, bool(target(address).address)
    planned = plan(spec, workspace, 0 if joined else None)
    writable_folder("--folder", workspace.path)
    check_writable(workspace.uri)
    require_teachers(planned, planned.todo, storage)
    show("\n".join(_opening(planned, joined)))
    todo, fits = planned.todo, planned_tuning_trials.trials(planned)
    if budget:
        estimate, _ = forecast.make(planned, workspace.uri, storage, cluster, budget)
        todo, budget, fits = estimate.planned(planned), estimate.held(budget), estimate.fits
        show("\n".join(forecast.left_text(estimate) or ["the budget holds all of it, as far as is known"]))
    experiment = planned.experiment
    provenance = collect(folder_of(experiment)) | submitted_provenance()
    info = replace(describe(experiment, text_of(experiment), provenance), changes=_changes(folder_of(experiment)))
    environment = RunEnvironment(workspace.path, workspace.uri, address, storage)
    return run_plan(planned, info, environment, _display(planned, todo, fits), budget, todo)


def _opening(planned: Plan, joined: bool) -> Iterator[str]:
    """The notes on a plan and what a run of it is about to do, a line each."""
    unused = None if joined else unused_gpus(planned.experiment.resources, gpus())
    yield from (f"note: {note}" for note in (*planned.notes, unused, silence(planned.experiment.notify)) if note)
    yield headline(planned)


def _changes(folder: Path) -> str:
    submitted = submitted_changes()
    return code_changes(folder, external_plugins().values()) if submitted is None else submitted


def _display(planned: Plan, todo: list[Trial], fits: list[Trial]) -> ProgressDisplay:
    from rich.console import Console

    chosen = {trial.id for trial in todo}
    coming = [trial for trial in fits if trial.id not in chosen]
    return watch(todo, planned.counts().get("finished", 0), Console(), coming)
