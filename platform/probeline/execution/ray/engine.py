"""Ray Tune as the engine: it places our trials on warm workers and tells what becomes of them."""

import contextlib
import gc
import logging
import os
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

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
"""Tune's own logs, state and chatter are off: the record is MLflow's, and a grid is resumed by trial id."""

os.environ.update({key: os.environ.get(key, value) for key, value in QUIET.items()})

import ray  # noqa: E402 (reads the environment above)
from ray import tune  # noqa: E402

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
from probeline.experiment.schema import Resources  # noqa: E402
from probeline.experiment.trial import Trial  # noqa: E402
from probeline.storage.paths import StoragePath  # noqa: E402


class Listener(Protocol):
    """Who is told what happens, and asked what is next; every call returns at once."""

    feed: Scheduler

    def started(self, trial: Trial) -> None: ...
    def placed(self, trial: Trial, device: str) -> None: ...
    def received(self, trial: Trial, events: Sequence[TrialEvent]) -> bool:
        """Whether the trial goes on."""

    def returned(self, trial: Trial) -> None:
        """It comes back unstarted, as its worker is replaced."""

    def held(self, trial: Trial) -> None:
        """It comes back unstarted, as its worker only keeps a card that is set aside."""

    def set_aside(self, card: str) -> None:
        """This GPU has failed too often, and is not used any more."""

    def finished(self, trial: Trial) -> None: ...
    def failed(self, trial: Trial, kind: str, message: str, traceback: str) -> None: ...
    def stopped(self, trial: Trial) -> None:
        """It was told not to go on, and has ended."""


class TuneSearcher(tune.search.Searcher):
    """Hands a feed's trials to Tune: as many as run at once, and one that waits for the next worker.

    Tune takes what it gets as work to place, and starts workers for all of it beside each other. No more than one
    waits, so that a study knows as much as it can when it is asked, and a cluster that grows is asked for more.
    """

    def __init__(self, feed: Scheduler, slots: int, cards: CardFailures) -> None:
        super().__init__()
        self.feed, self.slots, self.cards, self.finished = feed, slots, cards, False

    def suggest(self, trial_id: str) -> dict | str | None:
        if len(self.feed.running) > self.slots:
            return None
        trial = self.feed.next()
        if trial is not None:
            return {"ticket": TrialHandle(trial, self.cards.set_aside)}
        self.finished = self.feed.exhausted
        return self.FINISHED if self.finished else None

    def on_trial_complete(self, trial_id: str, result: dict | None = None, error: bool = False) -> None:
        return None  # the bridge has heard of it

    def __getstate__(self) -> dict:
        """Nothing: see the bridge."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        Path(checkpoint_path).touch()


class TuneCallback(tune.Callback):
    """Turns Tune's events into calls of a listener."""

    def __init__(self, listener: Listener, folder: Path, cards: CardFailures) -> None:
        self.listener, self.folder, self.cards, self.unwanted = listener, folder, cards, set[str]()
        self.holding: set[str] = set()  # of Tune's trials, those whose workers only keep a card

    def on_trial_start(self, iteration: int, trials: list, trial: object, **info: object) -> None:
        self.listener.started(ours(trial))

    def on_trial_result(self, iteration: int, trials: list, trial: object, result: dict, **info: object) -> None:
        if result["holds"]:
            if trial.trial_id not in self.holding:
                self.holding.add(trial.trial_id)
                self.listener.held(ours(trial))
            return
        if trial.trial_id in self.unwanted:  # Tune stops it with this message
            self.listener.stopped(ours(trial))
            return
        if result["device"]:
            self.listener.placed(ours(trial), result["device"])
        goes_on = self.listener.received(ours(trial), result["events"])
        if result["failure"]:
            self.listener.failed(ours(trial), **result["failure"])
        elif result["done"]:
            self.cards.clear(result["card"])
            self.listener.finished(ours(trial))
        elif not goes_on:
            self.unwanted.add(trial.trial_id)

    def on_trial_error(self, iteration: int, trials: list, trial: object, **info: object) -> None:
        if trial.trial_id in self.holding:  # it was given back before
            self.holding.discard(trial.trial_id)
            return
        error, text = error_of(trial)
        if retired(error):
            self.listener.returned(ours(trial))
            return
        failure = cause(error, text, ours(trial), self.folder)
        card = failure.pop("card", "")
        if self.cards.add(card, ours(trial).id):
            self.listener.set_aside(card)
        self.listener.failed(ours(trial), **failure)

    def on_trial_complete(self, iteration: int, trials: list, trial: object, **info: object) -> None:
        """Lets go of what Tune keeps of each trial until the run ends: its last message, and statistics of numbers."""
        trial.last_result.pop("events", None)
        trial.metric_analysis.clear()
        trial.metric_n_steps.clear()

    def __getstate__(self) -> dict:
        """Nothing: Tune pickles callbacks to restore a run from disk, which we never ask of it."""
        return {}


class TuneStopper(tune.Stopper):
    """Stops what a listener wants no more of, and everything once the budget is used up, or no card is left."""

    def __init__(self, bridge: TuneCallback, supply: TuneSearcher, resources: Resources) -> None:
        self.bridge, self.supply, self.resources = bridge, supply, resources

    def __call__(self, trial_id: str, result: dict) -> bool:
        return trial_id in self.bridge.unwanted or (trial_id in self.bridge.holding and self.supply.finished)

    def stop_all(self) -> bool:
        holding = len(self.bridge.holding)
        return self.bridge.listener.feed.over or (holding > 0 and holding >= slots_of(self.resources))

    def __getstate__(self) -> dict:
        return {}


def ours(trial: object) -> Trial:
    """The trial that one of Tune's carries."""
    return trial.config["ticket"].trial


def error_of(trial: object) -> tuple[Exception | None, str]:
    """Why a trial of Tune's ended: the exception where it can be read back, and its text.

    Read from where Tune has just written it; its own way reads a copy that is made later.
    """
    error, text = None, ""
    with contextlib.suppress(Exception):  # an exception of a plug-in may not be unpickled here
        error = pickle.loads(Path(trial.pickled_error_file).read_bytes())
    with contextlib.suppress(OSError, TypeError):
        text = Path(trial.error_file).read_text(encoding="utf-8", errors="replace")
    return error, text or str(error)


def execute(listener: Listener, folder: Path, storage: StoragePath, resources: Resources) -> None:
    """Runs what the listener's feed gives on the connected Ray; returns when it gives no more, or at the first Ctrl-C.

    `folder` is the run's; `storage` keeps what trials keep.
    Retries are the feed's, by the kind of failure; Tune itself starts nothing again.
    """
    worker = tune.with_resources(
        tune.with_parameters(Worker, folder=folder, storage=storage, resources=resources),
        tune.PlacementGroupFactory([resources.each] * resources.workers),
    )
    cards, slots = CardFailures(), slots_of(resources)
    bridge, supply = TuneCallback(listener, folder, cards), TuneSearcher(listener.feed, slots, cards)
    with started_beside_each_other(slots), TemporaryDirectory(prefix="probeline-tune-") as scratch:
        tuner = tune.Tuner(
            worker,
            tune_config=tune.TuneConfig(
                search_alg=supply,
                num_samples=-1,
                reuse_actors=True,
                trial_name_creator=lambda trial: trial.trial_id,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                storage_path=scratch,
                name="trials",
                verbose=0,
                stop=TuneStopper(bridge, supply, resources),
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),
                callbacks=[bridge],
            ),
        )
        try:
            tuner.fit()
        except tune.TuneError as error:  # what the listener raised is its context; its text is a whole traceback
            raise error.__context__ or error from None


def slots_of(resources: Resources) -> int:
    """How many trials the connected cluster runs at once, as it is now."""
    have = ray.cluster_resources()
    return max(1, min(int(have.get(name, 0) / need + 1e-9) for name, need in resources.all.items() if need))


@contextlib.contextmanager
def started_beside_each_other(slots: int) -> Iterator[None]:
    """Lets Tune wait for that many workers at once. Left alone it starts the next when the last one is up, as it does
    for any searcher that is not its own: seconds each, and minutes until a large cluster is at work.
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
    """Ray, joined at `address` or started on this machine, and left or stopped afterwards.

    Raises:
        UserError: no cluster answers, or none of its size can ever hold one trial.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # a trial that failed is told by the listener
    origin, address = target(address).origin, checked(address)
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
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
        # Tune leaves cycles that hold Ray's references. Collected after the shutdown, by whatever thread comes to it,
        # they reach for a core that is gone, and Ray ends the process. Collected when the head is gone they wait for
        # it, as the shutdown does: then both are left to the end of the process.
        if head_goes(within=0):
            gc.freeze()
        else:
            gc.collect()
            ray.shutdown()
