"""A warm Ray worker: one trial after another in the same process."""

import os
import time
import traceback
from pathlib import Path

from ray import tune

from probeline.failures import TrialFailure, UserError
from probeline.spec.trial import Trial

PATIENCE = 0.5
"""Seconds between two messages to the driver: a progress bar moves, and a short trial needs one message."""


class Worker(tune.Trainable):
    """Runs `probeline.training.trial.run`, some of its records to a message.

    A message holds what the trial `said` (records, artifacts, notes) and, if it could not finish, its `failure`. What
    the trial raises is a message too, so that Ray's retries are left for workers that die.
    """

    def setup(self, config: dict, trials: list[Trial], storage: Path, threads: int) -> None:
        """`config["index"]`: which of `trials`; `threads`: CPU threads of this worker."""
        import torch

        torch.set_num_threads(threads)
        self.trials, self.folder = trials, storage
        self.reset_config(config)

    def reset_config(self, new_config: dict) -> bool:
        """Turns to another trial without leaving the process."""
        from probeline.training.trial import Storage, run

        self.said = run(self.trials[new_config["index"]], Storage(self.folder))
        return True

    def step(self) -> dict:
        """What the trial says within the next moments."""
        until, said, failure, done = time.monotonic() + PATIENCE, [], None, False
        try:
            while time.monotonic() < until:
                said.append(next(self.said))
        except StopIteration:
            done = True
        except Exception as error:
            failure, done = describe(error), True
        return {"said": said, "failure": failure, "done": done, "pid": os.getpid()}

    def cleanup(self) -> None:
        """Stops between two records; the trial keeps its checkpoint."""
        self.said.close()


def describe(error: Exception) -> dict[str, str]:
    """A failure in words: its `kind`, `message` and `traceback`."""
    known = isinstance(error, TrialFailure | UserError)
    return {
        "kind": getattr(error, "kind", "user_error" if known else "error"),
        "message": str(error) if known else f"{type(error).__name__}: {error}",
        "traceback": "".join(traceback.format_exception(error)),
    }
