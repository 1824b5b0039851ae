"""Ray Tune as the engine: it schedules trials on warm workers and reports their outcomes."""

import contextlib
import gc
import logging
import os
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",
}
"""Disables Tune's own logs and state: MLflow holds the record, and a grid is resumed by trial id."""

os.environ.update({key: os.environ.get(key, value) for key, value in QUIET.items()})

import ray  # noqa: E402 (reads the environment above)
from ray import tune  # noqa: E402
from ray.air._internal import usage  # noqa: E402
from ray.tune.experiment import Trial as TuneTrial  # noqa: E402

from probeline.core.events import TrialEvent  # noqa: E402
from probeline.errors import UserError  # noqa: E402
from probeline.execution.ray.address import checked, target  # noqa: E402
from probeline.execution.ray.capacity import refuse_what_is_too_large  # noqa: E402
from probeline.execution.ray.card_failures import CardFailures  # noqa: E402
from probeline.execution.ray.failure_causes import cause, last_line, retired  # noqa: E402
from probeline.execution.ray.nodes import head_goes  # noqa: E402
from probeline.execution.ray.scheduler import Scheduler  # noqa: E402
from probeline.execution.ray.start import start  # noqa: E402
from probeline.execution.ray.worker import TrialHandle, Worker  # noqa: E402
from probeline.experiment.resources import Resources  # noqa: E402
from probeline.experiment.trial import Trial  # noqa: E402
from probeline.storage.paths import StoragePath  # noqa: E402

# Ray counts callbacks for statistics that are off here, and for their names it imports all of MLflow in the thread that
# is to start the first trial.
usage.tag_callbacks = lambda callbacks: False


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


class TuneSearcher(tune.search.Searcher):
    """Tune's source of trials: as many as run at once, and one that waits for the next worker.

    Tune starts workers for all pending trials in parallel. No more than one is pending, so that a study has all
    results there are when it is asked for its next trial, and a cluster that grows is used.
    """

    def __init__(self, scheduler: Scheduler, slots: int, cards: CardFailures) -> None:
        super().__init__()
        self.scheduler, self.slots, self.cards, self.finished = scheduler, slots, cards, False

    def suggest(self, trial_id: str) -> dict | str | None:  # type: ignore[override]  # Tune takes FINISHED, too
        if len(self.scheduler.running) > self.slots:
            return None
        trial = self.scheduler.next()
        if trial is not None:
            return {"handle": TrialHandle(trial, self.cards.set_aside)}
        self.finished = self.scheduler.exhausted
        return self.FINISHED if self.finished else None

    def on_trial_complete(self, trial_id: str, result: dict | None = None, error: bool = False) -> None:
        return None  # the callback handles it

    def __getstate__(self) -> dict:
        """Nothing: see TuneCallback."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        Path(checkpoint_path).touch()


class TuneCallback(tune.Callback):
    """Translation of Tune's events into calls of a listener."""

    def __init__(self, listener: Listener, folder: Path, cards: CardFailures) -> None:
        self.listener, self.folder, self.cards, self.unwanted = listener, folder, cards, set[str]()
        self.holding: set[str] = set()  # Tune's trials whose workers only occupy a card

    def on_trial_start(self, iteration: int, trials: list, trial: TuneTrial, **info: object) -> None:
        self.listener.started(trial_of(trial))

    def on_trial_result(self, iteration: int, trials: list, trial: TuneTrial, result: dict, **info: object) -> None:
        if result["holds"]:
            if trial.trial_id not in self.holding:
                self.holding.add(trial.trial_id)
                self.listener.held(trial_of(trial))
            return
        if trial.trial_id in self.unwanted:  # Tune stops it with this message
            self.listener.stopped(trial_of(trial))
            return
        if result["device"]:
            self.listener.placed(trial_of(trial), result["device"])
        goes_on = self.listener.received(trial_of(trial), result["events"])
        if result["failure"]:
            self.listener.failed(trial_of(trial), **result["failure"])
        elif result["done"]:
            self.cards.clear(result["card"])
            self.listener.finished(trial_of(trial))
        elif not goes_on:
            self.unwanted.add(trial.trial_id)

    def on_trial_error(self, iteration: int, trials: list, trial: TuneTrial, **info: object) -> None:
        if trial.trial_id in self.holding:  # returned before
            self.holding.discard(trial.trial_id)
            return
        error, text = error_of(trial)
        if retired(error):
            self.listener.returned(trial_of(trial))
            return
        failure = cause(error, text, trial_of(trial), self.folder)
        card = failure.pop("card", "")
        if self.cards.add(card, trial_of(trial).id):
            self.listener.set_aside(card)
        self.listener.failed(trial_of(trial), **failure)

    def on_trial_complete(self, iteration: int, trials: list, trial: TuneTrial, **info: object) -> None:
        """Frees what Tune would hold of each trial until the run ends: its last message, and statistics of metrics."""
        trial.last_result.pop("events", None)
        trial.metric_analysis.clear()
        trial.metric_n_steps.clear()

    def __getstate__(self) -> dict:
        """Nothing: Tune pickles callbacks to restore a run from disk, which is never done here."""
        return {}


class TuneStopper(tune.Stopper):
    """Stops trials that should not continue, and all of them once the budget is used up or no card remains."""

    def __init__(self, callback: TuneCallback, searcher: TuneSearcher, resources: Resources) -> None:
        self.callback, self.searcher, self.resources = callback, searcher, resources

    def __call__(self, trial_id: str, result: dict) -> bool:
        return trial_id in self.callback.unwanted or (trial_id in self.callback.holding and self.searcher.finished)

    def stop_all(self) -> bool:
        holding = len(self.callback.holding)
        return self.callback.listener.scheduler.over or (holding > 0 and holding >= slots_of(self.resources))

    def __getstate__(self) -> dict:
        return {}


def trial_of(trial: TuneTrial) -> Trial:
    """Probeline's trial within one of Tune's."""
    return trial.config["handle"].trial


def error_of(trial: TuneTrial) -> tuple[Exception | None, str]:
    """The exception that ended one of Tune's trials, None where it cannot be unpickled, and its text.

    Read from the files that Tune has just written; Tune's own accessor reads a later copy.
    """
    error, text = None, ""
    with contextlib.suppress(Exception):  # an exception of a plug-in may not be unpickled here
        error = pickle.loads(Path(trial.pickled_error_file).read_bytes())
    with contextlib.suppress(OSError, TypeError):
        text = Path(trial.error_file).read_text(encoding="utf-8", errors="replace")
    return error, text or str(error)


def execute(listener: Listener, folder: Path, storage: StoragePath, resources: Resources) -> None:
    """Runs the scheduler's trials on the connected Ray until it has no more, or until the first Ctrl-C.

    Retries are the scheduler's, by the kind of failure; Tune itself retries nothing.

    Args:
        listener: receives all events; its scheduler decides what runs.
        folder: the run's, with heartbeats and notes.
        storage: for encoders, checkpoints and artifacts.
        resources: of one trial.
    """
    worker = tune.with_resources(
        tune.with_parameters(Worker, folder=folder, storage=storage, resources=resources),
        tune.PlacementGroupFactory([resources.each] * resources.workers),
    )
    cards, slots = CardFailures(), slots_of(resources)
    callback, searcher = TuneCallback(listener, folder, cards), TuneSearcher(listener.scheduler, slots, cards)
    with parallel_worker_start(slots), TemporaryDirectory(prefix="probeline-tune-") as scratch:
        tuner = tune.Tuner(
            worker,
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                num_samples=-1,
                reuse_actors=True,
                trial_name_creator=lambda trial: trial.trial_id,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                storage_path=scratch,
                name="trials",
                verbose=0,
                stop=TuneStopper(callback, searcher, resources),
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),
                callbacks=[callback],
            ),
        )
        try:
            tuner.fit()
        except tune.TuneError as error:  # the listener's exception is its context
            raise error.__context__ or error from None


def slots_of(resources: Resources) -> int:
    """The number of trials that the connected cluster, as it is now, runs at once."""
    have = ray.cluster_resources()
    return max(1, min(int(have.get(name, 0) / need + 1e-9) for name, need in resources.all.items() if need))


@contextlib.contextmanager
def parallel_worker_start(slots: int) -> Iterator[None]:
    """Lets Tune start that many workers in parallel.

    By default it starts them one after another for any searcher that is not its own: seconds each, and minutes until a
    large cluster is busy.
    """
    name = "TUNE_MAX_PENDING_TRIALS_PG"
    before = os.environ.get(name)
    os.environ[name] = before or str(slots + 1)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)


@contextlib.contextmanager
def connected(address: str | None, resources: Resources) -> Iterator[None]:
    """A connection to Ray, joined at `address` or started on this machine; closed or shut down afterwards.

    Raises:
        UserError: no cluster answers, or none of its size can ever hold one trial.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # the listener reports failed trials
    origin, address = target(address).origin, checked(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        start({"address": "local", "include_dashboard": False, "object_store_memory": 2**28, **quiet})
    else:
        try:
            ray.init(address=address, **quiet)
        except Exception as error:  # Ray raises bare exceptions, too
            ray.shutdown()
            raise UserError(f"{origin}: no Ray cluster answers there: {last_line(str(error))}") from error
    try:
        refuse_what_is_too_large(resources, [node["Resources"] for node in ray.nodes() if node["Alive"]])
        yield
    finally:
        # Tune leaves reference cycles that hold Ray's objects. Collected after the shutdown they access a core worker
        # that no longer exists, and Ray aborts the process. Collected when the head is gone they wait for it, as the
        # shutdown does: then neither is done before the process ends.
        if head_goes(within=0):
            gc.freeze()
        else:
            gc.collect()
            ray.shutdown()
