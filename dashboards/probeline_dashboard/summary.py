"""The counts of trials above the grid, and their cost so far and to go."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component
from probeline.execution.planning import forecast
from probeline.execution.planning.cost_model import Prices
from probeline.execution.planning.forecast import Cluster, Forecast
from probeline.execution.progress import duration
from probeline.execution.ray.scheduler import HOUR, Budget
from probeline.experiment.trial import Trial
from probeline.report.sentences.text import isolated
from probeline.tracking.reading.costs import costs
from probeline.tracking.reading.run import Run

from probeline_dashboard.aria import with_aria
from probeline_dashboard.grid import ORDER
from probeline_dashboard.live import Live

COST_METRICS = ("cost/train_seconds", "cost/eval_seconds")
Texts = list[str | html.Small]


def counts(live: Live) -> list[Component]:
    """A bar of all trials by status, a list of the counts and the headline."""
    numbers, total = live.counts(), len(live.base.trials)
    present = [status for status in ORDER if numbers[status]]
    parts = [html.Span(className=f"part {_css(each)}", style={"flexGrow": numbers[each]}) for each in present]
    items = [
        html.Li([html.Span(className=f"mark {_css(each)}"), html.B(f"{numbers[each]:,}"), f" {each}"])
        for each in present
    ]
    return [
        with_aria(html.Div(parts, className="bar", role="img"), "label", f"{numbers['finished']} of {total} finished"),
        html.Ul(items, className="counts"),
        html.P(headline(live), className="headline"),
    ]


def headline(live: Live) -> str:
    """The experiment's progress in a sentence."""
    counts, total = live.counts(), len(live.base.trials)
    name = isolated(live.base.experiment.name)
    scale = f" at scale {isolated(live.base.experiment.scale)}" if live.base.experiment.scale else ""
    if not total:
        return "The experiment has no trials."
    if counts["new"] + counts["to tune"] == total:
        return f"Nothing has started yet: {total:,} trials of {name}{scale} wait for `probeline run`."
    if counts["finished"] == total:
        return f"All {total:,} trials{scale} have finished."
    if counts["failed"] == total:
        return f"All {total:,} trials{scale} have failed; why stands below."
    if counts["finished"] + counts["failed"] == total:
        return f"{counts['finished']:,} of {total:,} trials{scale} finished, {counts['failed']:,} failed."
    if counts["running"]:
        under_way = "1 is" if counts["running"] == 1 else f"{counts['running']:,} are"
        return f"{counts['finished']:,} of {total:,} trials{scale} have finished; {under_way} under way."
    return f"{counts['finished']:,} of {total:,} trials{scale} have finished; nothing runs: `probeline run` goes on."


@dataclass(frozen=True)
class Spent:
    """Worker seconds by status: of finished trials as recorded, of failed and running ones by the clock."""

    finished: float = 0.0
    failed: float = 0.0
    running: float = 0.0

    @property
    def total(self) -> float:
        """The sum."""
        return self.finished + self.failed + self.running


def spent(trials: list[Trial], runs: Mapping[str, Run], now: float) -> Spent:
    """The cost of trials so far; training of an encoder that several trials share counts once. `now`: Unix s."""
    seconds = {"FINISHED": 0.0, "FAILED": 0.0, "RUNNING": 0.0}
    trained: set[str] = set()
    for trial in trials:
        run = runs.get(trial.id)
        if run is None or run.status not in seconds:
            continue
        if run.status == "FINISHED" and any(key in run.metrics for key in COST_METRICS):
            seconds["FINISHED"] += _recorded(run, trial.encoder_id in trained)
            trained.add(trial.encoder_id)
        else:
            seconds[run.status] += _elapsed(run, now)
    return Spent(seconds["FINISHED"], seconds["FAILED"], seconds["RUNNING"])


def _recorded(run: Run, shared: bool) -> float:
    """The seconds that a finished trial has recorded, without training where another trial's is `shared`."""
    return sum(run.metrics[key][0] for key in COST_METRICS[shared:] if key in run.metrics)


def _elapsed(run: Run, now: float) -> float:
    """The seconds from a trial's last start to its end, or to `now` (Unix s) if it has none."""
    end = now if run.status == "RUNNING" or not run.ended else run.ended / 1000
    return max(0.0, end - _last_start(run, end))


def _last_start(run: Run, end: float) -> float:
    """The last start of a trial, Unix s; it may have failed before, hours ago."""
    return int(run.tags.get("probeline.began", run.started or 1000 * end)) / 1000


def to_go(live: Live) -> Forecast:
    """The forecast for the remaining trials, on as many workers as run now, or else on this machine."""
    plan, resources = live.plan(), live.base.experiment.resources
    running = live.counts()["running"]
    here = Cluster.parse(None)
    cluster = Cluster(running * resources.all["CPU"], running * resources.all["GPU"]) if running else here
    prices = Prices(costs(live.uri), forecast.device_of(resources))
    return forecast.forecast(plan, prices, cluster, Budget(), forecast.encoders_in(live.storage))


def money(live: Live, now: float | None = None) -> list[Component]:
    """The cost so far, the cost to go and the time to go; `now`: Unix s."""
    cost, remaining = spent(live.base.trials, live.following.runs, now or time.time()), to_go(live)
    gpus = live.base.experiment.resources.all["GPU"]
    return [
        html.Div([html.Dt("so far"), html.Dd(_so_far(cost)), *_gpu(cost.total, gpus)]),
        html.Div([html.Dt("to go"), html.Dd(_to_go(remaining)), *_gpu(remaining.cost.seconds, gpus)]),
        html.Div([html.Dt("by the clock"), html.Dd(_clock(remaining))]),
    ]


def _so_far(cost: Spent) -> Texts:
    lost = html.Small(f"{duration(cost.failed)} of it in trials that failed") if cost.failed >= 0.5 else None
    return [f"{duration(cost.total)} of one worker", *([lost] if lost else [])]


def _to_go(remaining: Forecast) -> Texts:
    cost = remaining.cost
    if not remaining.prices:
        return ["nothing"]
    if cost.unknown == len(remaining.prices) and not any(price.parts for price in remaining.prices):
        return ["unknown", html.Small("nothing of this shape has finished yet")]
    texts: Texts = [f"{'roughly' if cost.rough else 'about'} {duration(cost.seconds)} of one worker"]
    if cost.half_width is not None:
        low, high = max(0.0, cost.seconds - cost.half_width), cost.seconds + cost.half_width
        texts.append(html.Small(f"95% interval {duration(low)} to {duration(high)}"))
    if cost.unknown:
        texts.append(html.Small(f"{cost.unknown} of {len(remaining.prices)} trials have parts without a price"))
    return texts


def _clock(remaining: Forecast) -> Texts:
    if not remaining.prices:
        return ["done"]
    if not any(price.parts for price in remaining.prices):
        return ["unknown"]
    bound = "at least" if remaining.cost.unknown else "about"
    return [
        f"{bound} {duration(remaining.clock)}",
        html.Small(f"with {remaining.slots} at once; running trials count whole"),
    ]


def _gpu(seconds: float, gpus: float) -> list[html.Dd]:
    return [html.Dd(html.Small(f"{seconds * gpus / HOUR:.2g} GPU hours"))] if gpus else []


def _css(status: str) -> str:
    return status.replace(" ", "-")
