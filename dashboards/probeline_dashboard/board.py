"""The experiments that a dashboard shows: one from a YAML file, or those stored in MLflow."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from probeline.errors import TrialError, UserError
from probeline.execution.planning.plan import Plan, make
from probeline.experiment.load import load, load_text
from probeline.experiment.problems import nearest
from probeline.storage.paths import StoragePath
from probeline.storage.redaction import redacted
from probeline.tracking.reading import stored

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
    names = stored.experiments(uri)
    if not names:
        raise UserError(f"{redacted(uri)}: holds no experiment yet; `probeline run SPEC`, or give a SPEC to wait for")
    if name is not None and name not in names:
        near = nearest(name, names)
        remedy = f"; did you mean {near!r}?" if near else f"; there are {', '.join(sorted(names)[:10])}"
        raise UserError(f"{name}: neither a file nor an experiment in {redacted(uri)}{remedy}")
    return Board(
        [name] if name else names, lambda each: Live(lambda: stored_plan(uri, each, scale, sets), uri, storage)
    )


def stored_plan(uri: str, name: str, scale: str | None, sets: list[str]) -> Plan:
    """The plan of an experiment from its spec in MLflow.

    MLflow does not record the scale of a run: the plan is that of the first scale with a recorded trial, else of the
    first scale that can be planned on this machine. Raises UserError where there is neither.
    """
    text = stored.spec(uri, name)
    if text is None:
        raise UserError(f"{name}: MLflow does not keep its spec; give the file, `probeline dash SPEC`")
    where, first, error = f"{name} (spec.yaml in MLflow)", None, None
    for each in [scale] if scale else [None, *load_text(text, where).scales]:
        try:
            plan = make(load_text(text, where, each, sets), uri)
        except (UserError, TrialError) as reason:  # data of one scale may not be on this machine
            error = error or reason
            continue
        if any(status.run_id for status in plan.statuses.values()):
            return plan
        first = first or plan
    if first is None:
        raise UserError(str(error)) from error
    return first
