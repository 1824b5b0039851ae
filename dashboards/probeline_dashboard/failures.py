"""The list of failed trials by failure class: remedy, messages and tracebacks."""

from collections import defaultdict

from dash import html
from dash.development.base_component import Component
from probeline.errors import UserError
from probeline.execution.ray.retry_policy import rule
from probeline.experiment.trial import Trial
from probeline.report.sentences.text import clean
from probeline.tracking.reading import stored

from probeline_dashboard.live import Live

MAX_TRIALS = 20
"""Trials of one class that are listed at most; `probeline status` lists all."""


class Tracebacks:
    """A cache of tracebacks, each read from MLflow at its first request."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, int | None], str] = {}

    def get(self, live: Live, trial_id: str) -> str:
        """A failed trial's traceback, or why there is none."""
        run = live.following.runs.get(trial_id)
        if run is None:
            return "This trial has no run in MLflow any more."
        key = (run.run_id, run.ended)
        if key not in self._read:
            try:
                self._read[key] = stored.traceback(live.uri, run.run_id) or "It left no traceback."
            except UserError as error:
                return str(error)
        return self._read[key]

    def cached(self, live: Live, trial_id: str) -> str:
        """The traceback if it was read before, so that a rebuilt list still shows it, else a text for the meantime."""
        run = live.following.runs[trial_id]
        return self._read.get((run.run_id, run.ended), "Reading the traceback …")


def groups(live: Live) -> dict[tuple[str, str], list[Trial]]:
    """The failed trials by (failure class, kind), the most frequent first."""
    trials: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in live.failed():
        kind = live.following.runs[trial.id].tags.get("probeline.failure", "error")
        trials[rule(kind).group, kind].append(trial)
    return dict(sorted(trials.items(), key=lambda item: -len(item[1])))


def listing(live: Live, tracebacks: Tracebacks) -> list[Component]:
    """The page's list of failures, or a note that there are none."""
    parts = [_group(live, tracebacks, group, kind, trials) for (group, kind), trials in groups(live).items()]
    return [*parts] or [html.P("None so far.", className="nothing")]


def _group(live: Live, tracebacks: Tracebacks, group: str, kind: str, trials: list[Trial]) -> html.Div:
    policy = rule(kind)
    retry = "The next run tries them again." if policy.again else "They are not run again: the same seed fails again."
    title = clean(group) if kind == group else f"{clean(group)} ({clean(kind)})"
    more = len(trials) - MAX_TRIALS
    return html.Div(
        [
            html.H3([html.Span(className="mark failed"), f"{len(trials):,} × {title}"]),
            html.P(f"{policy.remedy[:1].upper()}{policy.remedy[1:]}. {retry}", className="remedy"),
            html.Div([_one(live, trial, tracebacks) for trial in trials[:MAX_TRIALS]]),
            *([html.P(f"And {more:,} more: `probeline status` names all.", className="remedy")] if more > 0 else []),
        ],
        key=f"{group} {kind}",
        className="failures",
    )


def _one(live: Live, trial: Trial, tracebacks: Tracebacks) -> html.Details:
    message = live.following.runs[trial.id].tags.get("probeline.message", "")
    return html.Details(
        [
            html.Summary(
                [
                    html.B([html.Bdi(clean(trial.cell.label)), f", seed {trial.seed}"]),
                    html.Span(html.Bdi(clean(message)), className="message"),
                ],
                id={"type": "failure", "trial": trial.id},
            ),
            html.P(f"trial {trial.id}", className="remedy"),
            html.Pre(tracebacks.cached(live, trial.id), id={"type": "traceback", "trial": trial.id}, tabIndex=0),
        ],
        key=trial.id,
        className="failure",
    )
