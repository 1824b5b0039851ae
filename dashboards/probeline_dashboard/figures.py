"""The report's figures, drawn by the report's code from the results so far."""

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from probeline.report.formats.contents import chart, figure_defaults, figures, shape_of
from probeline.report.formats.page import describe
from probeline.report.results.results import Results, no_history
from probeline.tracking.reading.results import table

from probeline_dashboard.live import Live

FALLBACK = {"name": "metric_by_cell"}
REDRAW_FACTOR = 5
"""Time until a figure may be drawn again, per time that drawing it took: bounds the load of large grids."""


Revision = tuple[str, int, int]
"""The results that a figure was drawn from: epoch of the plan, numbers of finished and of failed trials."""


@dataclass(frozen=True)
class Rendering:
    """A plotly figure (data, layout), or None with the message that explains its absence as `caption`."""

    figure: dict[str, Any] | None
    title: str
    caption: str
    revision: Revision
    redraw_at: float  # s of time.monotonic()


def components(live: Live) -> list[dict[str, Any]]:
    """The report's figures in its order, and the metric by cell if it is not one of them."""
    listed = figures(live.base.experiment)
    return listed if any(each["name"] == FALLBACK["name"] for each in listed) else [*listed, FALLBACK]


def names(live: Live) -> list[str]:
    """The figures' names, numbered where a kind occurs more than once."""
    kinds = [each["name"].replace("_", " ") for each in components(live)]
    return [f"{name} {kinds[: i + 1].count(name)}" if kinds.count(name) > 1 else name for i, name in enumerate(kinds)]


class Figures:
    """A cache of one experiment's figures, drawn again when results change. Safe to be used by several threads."""

    def __init__(self, live: Live) -> None:
        self._live, self._renderings = live, dict[int, Rendering]()
        self._lock = threading.Lock()

    def get(self, index: int) -> Rendering:
        """The figure of this index, drawn again if trials have ended since and `redraw_at` has passed.

        Raises what drawing raises.
        """
        with self._lock:
            last, revision = self._renderings.get(index), self._revision()
            if last is None or _is_outdated(last, revision):
                last = self._renderings[index] = self._draw(components(self._live)[index], revision)
            return last

    def _revision(self) -> Revision:
        counts = self._live.counts()
        return self._live.epoch, counts["finished"], counts["failed"]

    def _draw(self, component: dict[str, Any], revision: Revision) -> Rendering:
        start, live = time.monotonic(), self._live
        experiment, trials = live.base.experiment, table(live.base.trials, live.following.runs, live.tuned)
        history = self._history(component) if component["name"] == "training_curves" else no_history()
        results = Results(trials, history)
        drawing = chart(component, results, figure_defaults(experiment, shape_of(experiment, results), live.main))
        now = time.monotonic()
        redraw_at = now + REDRAW_FACTOR * (now - start)
        if drawing.figure is None:
            return Rendering(None, component["name"].replace("_", " "), drawing.message, revision, redraw_at)
        text = describe(drawing)
        return Rendering(as_dict(drawing.figure), str(text["title"]), str(text["caption"]), revision, redraw_at)

    def _history(self, component: dict[str, Any]) -> pd.DataFrame:
        name = component.get("watched", "train/loss")
        points = self._live.following.history([trial.id for trial in self._live.base.trials], name)
        frame = pd.DataFrame(points, columns=["trial_id", "step", "value"])
        return frame.assign(name=name)[["trial_id", "name", "step", "value"]]


def _is_outdated(rendering: Rendering, revision: Revision) -> bool:
    same_plan = rendering.revision[0] == revision[0]
    return not same_plan or (rendering.revision != revision and time.monotonic() > rendering.redraw_at)


def as_dict(figure: go.Figure) -> dict[str, Any]:
    """The figure's data and layout as JSON-able values."""
    whole = json.loads(figure.to_json())
    return {"data": whole["data"], "layout": whole["layout"]}
