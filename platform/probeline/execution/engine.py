"""Ray Tune as the engine: it places our trials on warm workers and starts lost ones again."""

import contextlib
import gc
import logging
import os
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

from probeline.execution.address import checked  # noqa: E402
from probeline.execution.worker import Worker  # noqa: E402
from probeline.failures import UserError  # noqa: E402
from probeline.records import Said  # noqa: E402
from probeline.spec.schema import Resources  # noqa: E402
from probeline.spec.trial import Trial  # noqa: E402

LOST_WORKER_RETRIES = 3


class Listener(Protocol):
    """Who is told what happens; every call returns at once."""

    def started(self, trial: Trial) -> None: ...
    def said(self, trial: Trial, said: Sequence[Said]) -> None: ...
    def finished(self, trial: Trial) -> None: ...
    def failed(self, trial: Trial, kind: str, message: str, traceback: str) -> None: ...


class Bridge(tune.Callback):
    """Turns Tune's events into calls of a listener."""

    def __init__(self, trials: Sequence[Trial], listener: Listener) -> None:
        self.trials, self.listener = trials, listener

    def on_trial_start(self, iteration: int, trials: list, trial: object, **info: object) -> None:
        self.listener.started(self._ours(trial))

    def on_trial_result(self, iteration: int, trials: list, trial: object, result: dict, **info: object) -> None:
        ours, failure = self._ours(trial), result["failure"]
        self.listener.said(ours, result["said"])
        if failure:
            self.listener.failed(ours, **failure)
        elif result["done"]:
            self.listener.finished(ours)

    def on_trial_error(self, iteration: int, trials: list, trial: object, **info: object) -> None:
        error = trial.get_error()
        self.listener.failed(
            self._ours(trial),
            "lost_worker",
            f"the worker died {LOST_WORKER_RETRIES + 1} times; the last time: {str(error).strip().splitlines()[-1]}",
            str(error),
        )

    def __getstate__(self) -> dict:
        """Nothing: Tune pickles callbacks to restore a run from disk, which we never ask of it."""
        return {}

    def _ours(self, trial: object) -> Trial:
        return self.trials[trial.config["index"]]


def execute(trials: Sequence[Trial], storage: Path, resources: Resources, listener: Listener) -> None:
    """Runs the trials on the connected Ray and returns when they are done, or at the first Ctrl-C.

    A trial whose worker dies is started again up to three times, from its checkpoint.
    """
    worker = tune.with_resources(
        tune.with_parameters(Worker, trials=list(trials), storage=storage, threads=max(1, int(resources.cpus))),
        {"cpu": resources.cpus, "gpu": resources.gpus},
    )
    with TemporaryDirectory(prefix="probeline-tune-") as scratch:
        tune.Tuner(
            worker,
            param_space={"index": tune.grid_search(list(range(len(trials))))},
            tune_config=tune.TuneConfig(reuse_actors=True),
            run_config=tune.RunConfig(
                storage_path=scratch,
                name="trials",
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=LOST_WORKER_RETRIES),
                checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),
                callbacks=[Bridge(trials, listener)],
            ),
        ).fit()


@contextlib.contextmanager
def connected(address: str | None, resources: Resources) -> Iterator[None]:
    """Ray, joined at `address` or started on this machine, and left or stopped afterwards.

    Raises:
        UserError: no cluster answers, or none of its size can ever hold one trial.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)
    address = checked(address)
    local = {"address": "local", "include_dashboard": False, "object_store_memory": 2**28}
    options = {"address": address} if address else local
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        what = f"--address {address}: no Ray cluster answers there" if address else "Ray does not start here"
        raise UserError(f"{what}: {error}") from error
    try:
        have = ray.cluster_resources()
        for name, need in (("CPU", resources.cpus), ("GPU", resources.gpus)):
            if need > have.get(name, 0):
                raise UserError(
                    f"resources: a trial asks for {need:g} {name}, the cluster has {have.get(name, 0):g}; "
                    f"lower resources.{name.lower()}s (also: --set resources.{name.lower()}s=...) or join a larger one"
                )
        yield
    finally:
        # Tune leaves cycles that hold Ray's references. Collected after the shutdown, by whatever thread comes to it,
        # they reach for a core that is gone, and Ray ends the process.
        gc.collect()
        ray.shutdown()
