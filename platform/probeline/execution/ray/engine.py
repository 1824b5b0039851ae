"""Ray Tune as the engine: it schedules trials on warm workers and reports their outcomes."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from ray import tune
from ray.air._internal import usage

from probeline.execution.ray import actor_manager
from probeline.execution.ray.card_failures import CardFailures
from probeline.execution.ray.listener import Listener
from probeline.execution.ray.nodes import slots_of
from probeline.execution.ray.tune_events import TuneCallback, TuneSearcher, TuneStopper
from probeline.execution.ray.worker import Worker
from probeline.experiment.resources import Resources
from probeline.storage.paths import StoragePath

# Ray counts callbacks for statistics that are off here, and for their names it imports all of MLflow in the thread that
# is to start the first trial.
usage.tag_callbacks = lambda callbacks: False
actor_manager.install()


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
