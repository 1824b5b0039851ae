"""The current state of one experiment: its plan, the runs of its trials, and changes since a given version."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from probeline.execution.planning.plan import Plan
from probeline.experiment.trial import Trial
from probeline.report.results.metrics import FALLBACK, matches_pattern, metric, primary_metric
from probeline.storage.paths import StoragePath
from probeline.tracking.reading.live_runs import LiveRuns
from probeline.tracking.reading.results import status_of
from probeline.tracking.reading.studies import outcomes
from probeline.tracking.server import mlflow_names

from probeline_dashboard import grid
from probeline_dashboard.grid import Grid

MIN_REFRESH_S = 1.0
"""Seconds between two queries to MLflow at least, for any number of browsers."""

REPLAN_S = 30.0
"""Seconds between two plans while tuning studies have yet to determine the values of cells."""

NOT_RESULTS = ("cost/", "train/", "online_probe/")  # prefixes of metrics
MAX_METRICS = 8


class Live:
    """An experiment's plan and runs, refreshed from MLflow. Safe to be used by several threads."""

    def __init__(self, plan: Callable[[], Plan], uri: str, storage: StoragePath) -> None:
        """Plans the experiment.

        Args:
            plan: makes the plan, and makes it again while studies or comparisons may ask for further trials.
            uri: MLflow's tracking URI.
            storage: where the encoders are stored.

        Raises what planning raises.
        """
        self.uri, self.storage = uri, storage
        self._make_plan = plan
        self._lock = threading.RLock()
        self._refreshed = float("-inf")
        self._replan()

    def _replan(self) -> None:
        self._planned = time.monotonic()
        self.base = self._make_plan()
        self.grid: Grid = grid.make(self.base.experiment, self.base.trials)
        self._waiting = {study.cell.label for study in self.base.studies}
        undecided = self.base.waves is not None and not self.base.waves.over
        self._growing = bool(self._waiting) or undecided
        self.tuned = outcomes(self.uri, self.base.tuned)
        self._cells = {trial.id: trial.cell.label for trial in self.base.trials}
        self.following = LiveRuns(self.uri, self._cells.keys(), self.base.experiment.name)
        self.epoch, self.version, self.changed_at = secrets.token_hex(4), 0, time.time()
        self._changed = dict.fromkeys(self.grid.slots, 0)  # label -> the version at which it last changed
        self._states: dict[str, tuple[int, dict[str, dict[str, Any]]]] = {}

    def refresh(self) -> int:
        """Reads changed runs from MLflow and returns the version, one higher if there were any. Raises UserError."""
        with self._lock:
            if time.monotonic() - self._refreshed < MIN_REFRESH_S:
                return self.version
            self._refreshed = time.monotonic()
            if self._growing and self._refreshed - self._planned > REPLAN_S:
                self._replan()
            changed = self.following.refresh()
            if changed:
                self.version += 1
                self.changed_at = time.time()
                self._changed |= {self._cells[trial_id]: self.version for trial_id in changed}
            return self.version

    @property
    def main(self) -> str:
        """The experiment's main metric: that of its report, else the primary one of its first protocol."""
        named = self.base.experiment.report.metric
        return named or self._primary(self.base.trials[0].cell.recipe.protocols if self.base.trials else ())

    def _primary(self, protocols: Iterable[str]) -> str:
        primary = primary_metric(protocols) or FALLBACK
        recorded = (mlflow_names.name(key) for run in self.following.runs.values() for key in run.metrics)
        return next((name for name in recorded if matches_pattern(primary, name)), primary)

    def status(self, trial: Trial) -> str:
        """A trial's status: finished, running, failed, interrupted, new or to tune."""
        return "to tune" if trial.cell.label in self._waiting else grid.status(self.following.runs.get(trial.id))

    def counts(self) -> Counter[str]:
        """The number of trials by status."""
        return Counter(map(self.status, self.base.trials))

    def plan(self) -> Plan:
        """The plan with the current statuses."""
        runs = self.following.runs
        return replace(self.base, statuses={trial.id: status_of(runs.get(trial.id)) for trial in self.base.trials})

    def failed(self) -> list[Trial]:
        """The trials that failed or have a crashed protocol, in the plan's order."""
        return [trial for trial in self.base.trials if self.status(trial) == "failed" or self._crashed(trial)]

    def _crashed(self, trial: Trial) -> bool:
        return bool(status_of(self.following.runs.get(trial.id)).protocols)

    def metrics(self) -> list[str]:
        """The metrics that can colour the grid: the main metric, then other ranked results of finished trials."""
        runs = self.following.runs.values()
        keys = dict.fromkeys(key for run in runs if run.status == "FINISHED" for key in run.metrics)
        names = [mlflow_names.name(key) for key in keys]
        results = [name for name in names if not name.startswith(NOT_RESULTS) and metric(name).ranked]
        results = [name for name in results if "/validation" not in name]
        others = sorted((name for name in results if name.count("/") == 1), key=lambda n: (not n.endswith("/top1"), n))
        return list(dict.fromkeys([self.main, *others]))[:MAX_METRICS]

    def watched(self) -> list[str]:
        """The metrics that were recorded per epoch: losses first."""
        keys = {key for run in self.following.runs.values() for key, (_, step) in run.metrics.items() if step > 0}
        return sorted(map(mlflow_names.name, keys), key=lambda name: (name != "train/loss", "loss" not in name, name))

    def delta(self, name: str, seen: dict[str, Any] | None) -> dict[str, Any] | None:
        """The changes that a page needs to show metric `name`, JSON-able; None if there are none.

        These are the states of cells that have changed since `seen`, the revision of the page's last delta; or the
        whole grid for a new page, another metric or another plan.
        """
        with self._lock:
            revision = {"epoch": self.epoch, "version": self.version, "metric": name}
            if seen == revision:
                return None
            whole = seen is None or any(seen.get(key) != revision[key] for key in ("epoch", "metric"))
            since = -1 if whole or seen is None else seen["version"]
            states = self._updated_states(name)
            values = [each["value"] for each in states.values() if each["value"] is not None]
            return {
                "revision": revision,
                "grid": self.grid.as_dict() if whole else None,
                "cells": {label: states[label] for label, when in self._changed.items() if when > since},
                "scale": colour_scale(name, values),
            }

    def _updated_states(self, name: str) -> dict[str, dict[str, Any]]:
        version, states = self._states.get(name, (-1, {}))
        for label, when in self._changed.items():
            if when > version:
                waiting = label in self._waiting
                states[label] = grid.state(self.grid.slots[label], self.following.runs, waiting, name)
        self._states[name] = (self.version, states)
        return states


def colour_scale(name: str, values: list[float]) -> dict[str, Any] | None:
    """The range of the colours, worst to best, or lowest to highest without a direction; None without values."""
    if not values:
        return None
    described, ends = metric(name), (min(values), max(values))
    worst, best = ends[::-1] if described.direction == "lower" else ends
    words = [described.text(worst), described.text(best)]
    return {"worst": worst, "best": best, "words": words, "title": described.title}
