"""Run what a plan has left to do: Ray works, one writer records, someone watches."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probeline.errors import UserError
from probeline.execution.code_changes import stored_changes
from probeline.execution.notifications import Notifier
from probeline.execution.planning.plan import Plan, make, remaining
from probeline.execution.progress import ProgressDisplay
from probeline.execution.ray.scheduler import NO_LIMIT, Budget, Scheduler
from probeline.execution.recorder import Outcome, Recorder
from probeline.execution.seed_source import SeedSource
from probeline.experiment.trial import Trial
from probeline.experiment.tuned import Study
from probeline.storage import file_lock
from probeline.storage.paths import StoragePath, resolved
from probeline.tracking.reading.results import statuses
from probeline.tracking.server import lease
from probeline.tracking.server.location import sqlite_file
from probeline.tracking.writing.writer import ExperimentInfo, Writer

if TYPE_CHECKING:
    from probeline.execution.tuning.studies import Studies

PATIENCE = 60.0
"""Seconds that the end of a run waits for a tracking server that does not answer."""


LEAVING = 2.0
"""Seconds in which Ray's head has gone where it got the same SIGTERM."""


@dataclass(frozen=True)
class RunEnvironment:
    """Where a run works: `folder` for the spool and locks; MLflow's `uri`; Ray's `address`; `storage` for the rest.

    No address: Ray starts on this machine. No storage: encoders, checkpoints and artifacts are in the folder, too.
    """

    folder: Path
    uri: str
    address: str | None = None
    storage: StoragePath | None = None


def run(
    plan: Plan,
    info: ExperimentInfo,
    site: RunEnvironment,
    watch: ProgressDisplay,
    budget: Budget = NO_LIMIT,
    todo: list[Trial] | None = None,
) -> Outcome:
    """Runs the plan's unfinished trials and returns when every record is stored, or the server is given up on.

    Ray starts only if something must run. SIGTERM ends it as a first Ctrl-C does: trials keep their state, and the
    next run goes on.

    Args:
        info: what MLflow shows of the experiment; its tags, the provenance, go to every trial too.
        site: where it works. budget: what it may use. todo: what of the plan it should do, if not all that is left.

    Raises:
        UserError: another run of this experiment is at work here, or Ray cannot be reached.
    """
    chosen = plan.todo if todo is None else todo
    with only_run_at(site, info) as waited, Writer(site.uri, info, site.folder.resolve()) as writer:
        if plan.waves is not None and (waited or writer.finished_before):
            writer.flush(PATIENCE)  # seeds that another run has finished may decide what is wanted now
            plan = make(plan.experiment, site.uri)
            chosen = plan.todo
        todo = unsettled(chosen, site, info.name) if waited else chosen
        todo = [trial for trial in todo if trial.id not in writer.finished_before]
        watch.finished_before([trial for trial in chosen if trial.id in writer.finished_before])
        first, later = (todo, []) if not plan.studies else by_first_seed(plan, todo)
        scheduler = Scheduler(first, budget, plan.experiment.resources.all["GPU"])
        if plan.studies:
            scheduler.source = studies(plan, site, writer, later)
        seeds = None if plan.waves is None else SeedSource(plan.waves, plan.trials)
        scheduler.source = seeds or scheduler.source
        notifier = Notifier(plan.experiment.notify, info.name)
        changes = stored_changes(site.folder, info.changes)
        recorder = Recorder(plan, info.tags, writer, watch, scheduler, notifier, changes)
        try:
            if todo or (plan.studies and budget.max_trials != 0):
                work(plan, recorder, site)
        finally:
            recorder.interrupted()
            recorder.outcome.not_started += len(plan.todo) - len(chosen)
            recorder.outcome.comparisons = seeds.waves.lines() if seeds else []
            recorder.outcome.unsent = writer.close(PATIENCE)
            announce(recorder.outcome, notifier)
    return recorder.outcome


def announce(outcome: Outcome, notifier: Notifier) -> None:
    """The messages at the end of a run; waits a few seconds for them."""
    text = outcome.summary()
    counts = {"finished": len(outcome.finished), "failed": len(outcome.failed), "exit_code": outcome.exit_code}
    if outcome.over:
        notifier.tell("budget", "the budget is used up", text, counts)
    notifier.tell("end", text.splitlines()[0], text, counts)
    notifier.close()


def by_first_seed(plan: Plan, todo: list[Trial]) -> tuple[list[Trial], list[Trial]]:
    """The trials of the first seed, and the others: these wait until every tuned cell has a first seed too."""
    first = plan.experiment.seed_values[0]
    return [trial for trial in todo if trial.seed == first], [trial for trial in todo if trial.seed != first]


def studies(plan: Plan, site: RunEnvironment, writer: Writer, later: list[Trial]) -> "Studies":
    """The plan's studies, from where their journals are; `later` run when the studies have nothing to ask."""
    from probeline.execution.tuning.studies import Studies

    def winners(study: Study, values: dict[str, Any]) -> list[Trial]:
        return unsettled(
            [study.winner(values, seed) for seed in plan.experiment.seed_values], site, plan.experiment.name
        )

    return Studies(plan.studies, site.folder.resolve(), writer, winners, plan.experiment.seed_values, later)


def unsettled(trials: list[Trial], site: RunEnvironment, experiment: str) -> list[Trial]:
    """Those that have not ended for good, as MLflow knows now.

    All of them where it is away: what has run elsewhere runs again, and gives the same numbers.
    """
    try:
        states = statuses(site.uri, [trial.id for trial in trials], experiment)
    except UserError:
        return trials
    open_trials = (remaining(trial, states[trial.id]) for trial in trials)
    return [trial for trial in open_trials if trial is not None]


def work(plan: Plan, recorder: Recorder, site: RunEnvironment) -> None:
    """Connects to Ray and executes. Ray is imported here: a run with nothing to do never pays for it."""
    from probeline.execution.ray.connection import connected
    from probeline.execution.ray.engine import execute
    from probeline.execution.ray.head_watch import watched_head
    from probeline.execution.ray.prometheus import PrometheusRecorder

    def head_gone() -> None:
        if not recorder.outcome.terminated:
            recorder.outcome.head_gone = True
            _stop_gracefully()

    def stuck() -> None:
        recorder.interrupted()
        recorder.watch.note(recorder.outcome.summary())
        os._exit(recorder.outcome.exit_code)  # MLflow gets the rest from the write-ahead log, by the next run

    resources = plan.experiment.resources
    joined, stopping = connected(site.address, resources), sigterm_as_ctrl_c(recorder.outcome)
    with joined, stopping, watched_head(head_gone, stuck), recorder.watch, PrometheusRecorder(recorder) as metered:
        execute(metered, site.folder.resolve(), resolved(site.storage or site.folder), resources)


@contextmanager
def sigterm_as_ctrl_c(outcome: Outcome) -> Iterator[None]:
    """A machine that is preempted sends SIGTERM, and Tune stops gracefully at SIGINT.

    Where it sends it to all processes (a service manager, Slurm, `timeout`), Ray goes too, and Tune, which would wait
    for it, is left as by a second Ctrl-C: trials go on from their last checkpoint.
    To be entered when Ray is connected, as Ray puts a handler of its own in place that ends the process.
    """
    from probeline.execution.ray.nodes import head_goes

    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return

    def stop(number: int, frame: object) -> None:
        if not outcome.terminated:
            outcome.terminated = True
            outcome.stranded = outcome.head_gone or head_goes(within=LEAVING)
            if outcome.stranded:
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        if not outcome.terminated:
            raise
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def only_run_at(site: RunEnvironment, info: ExperimentInfo) -> Iterator[bool]:
    """Holds the experiment's lock in the run's folder, and where MLflow is, which other folders and machines share.

    Yields whether it waited for a run that has ended since.
    """
    file, waited = sqlite_file(site.uri), False
    with ExitStack() as held:
        held.enter_context(only_run(site.folder, info.name))
        if file is not None:
            held.enter_context(only_run(file.parent / "mlartifacts", info.name))
        if site.uri.startswith("http"):
            waited = held.enter_context(lease.held(site.uri, info, site.folder.resolve(), _stop_gracefully))
        yield waited


def _stop_gracefully() -> None:
    """Ends this run gracefully, as SIGTERM does."""
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def only_run(folder: Path, name: str) -> Iterator[None]:
    """Holds the experiment's lock, which goes with the process however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = file_lock.try_hold(folder / f"{name}.lock")
    if lock is None:
        raise UserError(f"another run of {name!r} is at work in {folder}; wait for it or stop it")
    with lock:
        yield
