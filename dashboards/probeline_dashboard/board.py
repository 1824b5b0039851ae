"""Which experiments a dashboard shows: that of a file, or those that MLflow keeps."""

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
class Shown:
    """One experiment with what is kept for it between two looks."""

    live: Live
    figures: Figures
    tracebacks: Tracebacks


class Board:
    """Experiments by name; each is planned when somebody looks at it first."""

    def __init__(self, names: list[str], live: Callable[[str], Live]) -> None:
        self.names, self._live = names, live
        self._shown: dict[str, Shown] = {}
        self._lock = threading.Lock()

    def get(self, name: str | None) -> Shown:
        """The experiment of this name, or the first. Raises UserError where it cannot be planned."""
        name = name if name in self.names else self.names[0]
        with self._lock:
            if name not in self._shown:
                live = self._live(name)
                self._shown[name] = Shown(live, Figures(live), Tracebacks())
            return self._shown[name]


def of_file(spec: Path, scale: str | None, sets: list[str], uri: str, storage: StoragePath) -> Board:
    """The experiment of a YAML file. Raises UserError where it cannot be planned."""
    live = Live(lambda: make(load(spec, scale, sets), uri), uri, storage)
    return Board([live.base.experiment.name], lambda _: live)


def of_mlflow(name: str | None, scale: str | None, sets: list[str], uri: str, storage: StoragePath) -> Board:
    """The experiment of this name in MLflow, or all of them. Raises UserError where there is none."""
    known = stored.experiments(uri)
    if not known:
        raise UserError(f"{redacted(uri)}: holds no experiment yet; `probeline run SPEC`, or give a SPEC to wait for")
    if name is not None and name not in known:
        near = nearest(name, known)
        asked = f"; did you mean {near!r}?" if near else f"; there are {', '.join(sorted(known)[:10])}"
        raise UserError(f"{name}: neither a file nor an experiment in {redacted(uri)}{asked}")
    return Board(
        [name] if name else known, lambda each: Live(lambda: stored_plan(uri, each, scale, sets), uri, storage)
    )


def stored_plan(uri: str, name: str, scale: str | None, sets: list[str]) -> Plan:
    """The plan of an experiment from the spec that MLflow keeps.

    It was run at a scale that MLflow does not say: the first of whose trials it knows any, else the first that can be
    planned here. Raises UserError.
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
