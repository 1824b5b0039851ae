"""The counts above the grid, and what the trials have cost and will cost."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from dash import html
from probeline.execution.planning import forecast
from probeline.execution.planning.cost_model import Prices
from probeline.execution.planning.forecast import Cluster, Forecast
from probeline.execution.progress import duration
from probeline.execution.ray.scheduler import HOUR, Budget
from probeline.experiment.trial import Trial
from probeline.report.sentences.text import isolated
from probeline.tracking.reading.costs import costs
from probeline.tracking.reading.run import Run

from probeline_dashboard.grid import ORDER
from probeline_dashboard.live import Live

COSTS = ("cost/train_seconds", "cost/eval_seconds")


def counts(live: Live) -> list:
    """A bar of all trials, and each part of it in words."""
    told, total = live.counts(), len(live.base.trials)
    present = [word for word in ORDER if told[word]]
    parts = [html.Span(className=f"part {_kind(word)}", style={"flexGrow": told[word]}) for word in present]
    words = [
        html.Li([html.Span(className=f"mark {_kind(word)}"), html.B(f"{told[word]:,}"), f" {word}"]) for word in present
    ]
    return [
        html.Div(parts, className="bar", role="img", **{"aria-label": f"{told['finished']} of {total} finished"}),
        html.Ul(words, className="counts"),
        html.P(headline(live), className="headline"),
    ]


def headline(live: Live) -> str:
    """Where the experiment stands, in a sentence."""
    told, total = live.counts(), len(live.base.trials)
    name = isolated(live.base.experiment.name)
    scale = f" at scale {isolated(live.base.experiment.scale)}" if live.base.experiment.scale else ""
    if not total:
        return "The experiment has no trials."
    if told["new"] + told["to tune"] == total:
        return f"Nothing has started yet: {total:,} trials of {name}{scale} wait for `probeline run`."
    if told["finished"] == total:
        return f"All {total:,} trials{scale} have finished."
    if told["failed"] == total:
        return f"All {total:,} trials{scale} have failed; why stands below."
    if told["finished"] + told["failed"] == total:
        return f"{told['finished']:,} of {total:,} trials{scale} finished, {told['failed']:,} failed."
    if told["running"]:
        under_way = "1 is" if told["running"] == 1 else f"{told['running']:,} are"
        return f"{told['finished']:,} of {total:,} trials{scale} have finished; {under_way} under way."
    return f"{told['finished']:,} of {total:,} trials{scale} have finished; nothing runs: `probeline run` goes on."


@dataclass(frozen=True)
class Spent:
    """Seconds of one worker: in finished trials as recorded, in failed and running ones by the clock."""

    finished: float = 0.0
    failed: float = 0.0
    running: float = 0.0

    @property
    def total(self) -> float:
        """All together."""
        return self.finished + self.failed + self.running


def spent(trials: list[Trial], runs: Mapping[str, Run], now: float) -> Spent:
    """What trials have cost so far; the training of an encoder that several trials share counts once. `now`: Unix s."""
    found = {"FINISHED": 0.0, "FAILED": 0.0, "RUNNING": 0.0}
    trained: set[str] = set()
    for trial in trials:
        run = runs.get(trial.id)
        if run is None or run.status not in found:
            continue
        recorded = [run.metrics[key][0] for key in COSTS if key in run.metrics]
        if run.status == "FINISHED" and recorded:
            again = trial.encoder_id in trained
            seconds = sum(run.metrics[key][0] for key in COSTS[again:] if key in run.metrics)
            trained.add(trial.encoder_id)
        else:
            end = now if run.status == "RUNNING" or not run.ended else run.ended / 1000
            seconds = max(0.0, end - _began(run, end))
        found[run.status] += seconds
    return Spent(found["FINISHED"], found["FAILED"], found["RUNNING"])


def _began(run: Run, end: float) -> float:
    """When a trial was started last, as Unix s; it may have failed before, hours ago."""
    return int(run.tags.get("probeline.began", run.started or 1000 * end)) / 1000


def to_go(live: Live) -> Forecast:
    """The forecast for what is left, on as many workers as are at work now, or else on this machine."""
    plan, resources = live.plan(), live.base.experiment.resources
    running = live.counts()["running"]
    here = Cluster.parse(None)
    cluster = Cluster(running * resources.all["CPU"], running * resources.all["GPU"]) if running else here
    known = Prices(costs(live.uri), forecast.device_of(resources))
    return forecast.forecast(plan, known, cluster, Budget(), forecast.encoders_in(live.storage))


def money(live: Live, now: float | None = None) -> list:
    """Cost so far and to go."""
    so_far, found = spent(live.base.trials, live.following.runs, now or time.time()), to_go(live)
    gpus = live.base.experiment.resources.all["GPU"]
    return [
        html.Div([html.Dt("so far"), html.Dd(_so_far(so_far)), *_gpu(so_far.total, gpus)]),
        html.Div([html.Dt("to go"), html.Dd(_left(found)), *_gpu(found.cost.seconds, gpus)]),
        html.Div([html.Dt("by the clock"), html.Dd(_clock(found))]),
    ]


def _so_far(of: Spent) -> list:
    lost = html.Small(f"{duration(of.failed)} of it in trials that failed") if of.failed >= 0.5 else None
    return [f"{duration(of.total)} of one worker", *([lost] if lost else [])]


def _left(found: Forecast) -> list:
    cost = found.cost
    if not found.prices:
        return ["nothing"]
    if cost.unknown == len(found.prices) and not any(price.parts for price in found.prices):
        return ["unknown", html.Small("nothing of this shape has finished yet")]
    words = [f"{'roughly' if cost.rough else 'about'} {duration(cost.seconds)} of one worker"]
    if cost.half_width is not None:
        low, high = max(0.0, cost.seconds - cost.half_width), cost.seconds + cost.half_width
        words.append(html.Small(f"95% interval {duration(low)} to {duration(high)}"))
    if cost.unknown:
        words.append(html.Small(f"{cost.unknown} of {len(found.prices)} trials have parts without a price"))
    return words


def _clock(found: Forecast) -> list:
    if not found.prices:
        return ["done"]
    if not any(price.parts for price in found.prices):
        return ["unknown"]
    least = "at least" if found.cost.unknown else "about"
    return [f"{least} {duration(found.clock)}", html.Small(f"with {found.slots} at once; running trials count whole")]


def _gpu(seconds: float, gpus: float) -> list:
    return [html.Dd(html.Small(f"{seconds * gpus / HOUR:.2g} GPU hours"))] if gpus else []


def _kind(word: str) -> str:
    return word.replace(" ", "-")
