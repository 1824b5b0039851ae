"""The report's own figures, drawn by the report's own code from what there is so far."""

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from probeline.report.formats.contents import chart, defaults, figures, shape_of
from probeline.report.formats.page import describe
from probeline.tracking.reading.results import table

from probeline_dashboard.live import Live

FALLBACK = {"name": "metric_by_cell"}
EMPTY = pd.DataFrame({"trial_id": [], "name": [], "step": [], "value": []})
REST = 5
"""A figure is drawn again after this many times the time that drawing it took: with thousands of trials, seldom."""


@dataclass(frozen=True)
class Drawn:
    """A figure as the page draws it, or None and the message that stands in its place."""

    figure: dict[str, Any] | None
    title: str
    caption: str
    at: tuple[str, int, int]  # what it was drawn from: epoch of the plan, finished and failed trials
    rested: float  # when it may be drawn again, as time.monotonic()


def components(live: Live) -> list[dict[str, Any]]:
    """The report's figures in its order, then the metric cell by cell."""
    asked = figures(live.base.experiment)
    return asked if any(each["name"] == FALLBACK["name"] for each in asked) else [*asked, FALLBACK]


def names(live: Live) -> list[str]:
    """What the figures are called; a second one of a kind has its number."""
    found = [each["name"].replace("_", " ") for each in components(live)]
    return [f"{name} {found[: i + 1].count(name)}" if found.count(name) > 1 else name for i, name in enumerate(found)]


class Figures:
    """Draws figures of one experiment when there is reason to; safe to be used by several threads."""

    def __init__(self, live: Live) -> None:
        self._live, self._kept = live, dict[int, Drawn]()
        self._lock = threading.Lock()

    def get(self, index: int) -> Drawn:
        """The figure, drawn again if trials have ended since and it has rested. Raises what drawing raises."""
        with self._lock:
            kept, told = self._kept.get(index), self._live.counts()
            at = (self._live.epoch, told["finished"], told["failed"])
            if kept is None or kept.at[0] != at[0] or (kept.at != at and time.monotonic() > kept.rested):
                kept = self._kept[index] = self._draw(components(self._live)[index], at)
            return kept

    def _draw(self, component: dict[str, Any], at: tuple[str, int, int]) -> Drawn:
        start, live = time.monotonic(), self._live
        experiment, trials = live.base.experiment, table(live.base.trials, live.following.runs, live.tuned)
        history = self._history(component) if component["name"] == "training_curves" else EMPTY
        made = chart(component, trials, history, defaults(experiment, shape_of(experiment, trials), live.main))
        now = time.monotonic()
        rested = now + REST * (now - start)
        if made.figure is None:
            return Drawn(None, component["name"].replace("_", " "), made.message, at, rested)
        said = describe(made)
        return Drawn(as_dict(made.figure), said["title"], said["caption"], at, rested)

    def _history(self, component: dict[str, Any]) -> pd.DataFrame:
        name = component.get("watched", "train/loss")
        points = self._live.following.history([trial.id for trial in self._live.base.trials], name)
        frame = pd.DataFrame(points, columns=["trial_id", "step", "value"])
        return frame.assign(name=name)[["trial_id", "name", "step", "value"]]


def as_dict(figure: go.Figure) -> dict[str, Any]:
    """What the page's script draws."""
    whole = json.loads(figure.to_json())
    return {"data": whole["data"], "layout": whole["layout"]}
