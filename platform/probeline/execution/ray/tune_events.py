"""Tune's callback, its source of trials and its stopper, in terms of a listener and a scheduler."""

import contextlib
import pickle
from pathlib import Path

from ray import tune
from ray.tune.experiment import Trial as TuneTrial

from probeline.execution.ray.card_failures import CardFailures
from probeline.execution.ray.failure_causes import cause, retired
from probeline.execution.ray.listener import Listener
from probeline.execution.ray.nodes import slots_of
from probeline.execution.ray.scheduler import Scheduler
from probeline.execution.ray.worker import TrialHandle
from probeline.experiment.resources import Resources
from probeline.experiment.trial import Trial


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
