"""The experiments that a dashboard shows: one from a YAML file, or those stored in MLflow."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from probeline.execution.planning.plan import make
from probeline.execution.planning.stored_plan import experiment_names, stored_plan
from probeline.experiment.load import load
from probeline.storage.paths import StoragePath

from probeline_dashboard.failures import Tracebacks
from probeline_dashboard.figures import Figures
from probeline_dashboard.live import Live


@dataclass(frozen=True)
class View:
    """One experiment with the figures and tracebacks that are cached for it."""

    live: Live
    figures: Figures
    tracebacks: Tracebacks


class Board:
    """Experiments by name; each is planned at its first request. Safe to be used by several threads."""

    def __init__(self, names: list[str], live: Callable[[str], Live]) -> None:
        self.names, self._live = names, live
        self._views: dict[str, View] = {}
        self._lock = threading.Lock()

    def get(self, name: str | None) -> View:
        """The view of the experiment of this name, or of the first. Raises UserError where it cannot be planned."""
        name = name if name in self.names else self.names[0]
        with self._lock:
            if name not in self._views:
                live = self._live(name)
                self._views[name] = View(live, Figures(live), Tracebacks())
            return self._views[name]


def of_file(spec: Path, scale: str | None, sets: list[str], uri: str, storage: StoragePath) -> Board:
    """A board with the experiment of a YAML file. Raises UserError where it cannot be planned."""
    live = Live(lambda: make(load(spec, scale, sets), uri), uri, storage)
    return Board([live.base.experiment.name], lambda _: live)


def of_mlflow(name: str | None, scale: str | None, sets: list[str], uri: str, storage: StoragePath) -> Board:
    """A board with the experiment of this name in MLflow, or with all of them. Raises UserError where there is none."""
    names = experiment_names(uri, name)
    return Board(names, lambda each: Live(lambda: stored_plan(uri, each, scale, sets), uri, storage))
