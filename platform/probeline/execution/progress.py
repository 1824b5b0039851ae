"""What a person sees while a grid runs: a live table on a terminal, plain lines in a log."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.util import find_spec
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from probeline.core.count_of import count_of
from probeline.core.events import ProtocolError, Record
from probeline.experiment.problems import safe
from probeline.experiment.trial import Trial
from probeline.plugins.metrics import primary_metric

ROWS = 24
"""Cells shown at once; running ones first."""


class ProgressDisplay:
    """Keeps count of a run and shows it. Subclasses draw; this one is silent."""

    def __init__(self, trials: Sequence[Trial], done: int, console: Console, coming: Sequence[Trial] = ()) -> None:
        """`trials`: what this run does; `done`: trials of the experiment that had finished before.

        `coming`: stand-ins for trials that studies will ask for, which come under other ids.
        """
        self.console, self.total, self.before = console, len(trials) + len(coming), done
        self.trial_ids = {trial.id for trial in trials}
        self.coming = Counter(trial.cell.label for trial in coming)
        self.size = Counter(trial.cell.label for trial in trials) + self.coming
        self.ended: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.running: dict[str, tuple[Trial, float, dict[str, float]]] = {}
        self.begun = time.monotonic()

    def __enter__(self) -> "ProgressDisplay":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def finished_before(self, trials: Sequence[Trial]) -> None:
        """These had finished, and an earlier run could not bring it to MLflow: they need not run again."""
        self.total, self.before = self.total - len(trials), self.before + len(trials)
        self.size -= Counter(trial.cell.label for trial in trials)
        if trials:
            count = f"finished in an earlier run, not in MLflow yet, sent now: {count_of(len(trials), 'trial')}"
            self.console.print(count, highlight=False, soft_wrap=True)

    def started(self, trial: Trial) -> None:
        if trial.id not in self.trial_ids:
            self.trial_ids.add(trial.id)
            beyond = int(not self.coming[trial.cell.label])  # more than anybody could count before
            self.coming[trial.cell.label] -= 1 - beyond
            self.total += beyond
            self.size[trial.cell.label] += beyond
        self.running[trial.id] = (trial, 0.0, {})

    def received(self, trial: Trial, records: list[Record]) -> None:
        _, share, metrics = self.running.get(trial.id, (trial, 0.0, {}))
        epochs = trial.cell.recipe.training.epochs
        steps = [record.step for record in records if record.name == "train/loss"]
        share = max([share, *(step / max(1, epochs) for step in steps)])
        words = watched(trial)
        latest = {words[record.name]: record.value for record in records if record.name in words}
        self.running[trial.id] = (trial, share, metrics | latest)

    def finished(self, trial: Trial) -> None:
        self._ended(trial)

    def restarted(self, trial: Trial, kind: str, message: str) -> None:
        """It failed in a way that does not last, and starts again."""
        self.running.pop(trial.id, None)

    def failed(self, trial: Trial, kind: str, message: str) -> None:
        self.failures[kind] += 1
        self._ended(trial)

    def note(self, text: str) -> None:
        """A sentence about the run as a whole."""

    def crashed(self, trial: Trial, error: ProtocolError) -> None:
        """One of its protocols crashed; the trial goes on."""
        self.failures[f"protocol error ({error.name})"] += 1

    def _ended(self, trial: Trial) -> None:
        self.running.pop(trial.id, None)
        self.ended[trial.cell.label] += 1

    def headline(self) -> str:
        """Counts and the time left, which assumes that the rest takes as long as what has ended."""
        ended, seconds = self.ended.total(), time.monotonic() - self.begun
        words = [f"{ended} of {self.total} trials"]
        if self.before:
            words.append(f"{self.before} done before")
        words += [f"{count} {kind}" for kind, count in self.failures.items()]
        partly = sum(share for _, share, _ in self.running.values())
        if ended + partly >= 0.5 and ended < self.total:
            words.append(f"about {duration(seconds * (self.total - ended - partly) / (ended + partly))} left")
        return ", ".join([*words, f"{duration(seconds)} so far"])


SHOWN = {"train/loss": "loss", "online_probe/top1": "online top-1"}
"""What is shown of a running trial beside its main result, by stored name."""


def watched(trial: Trial) -> dict[str, str]:
    """Stored name -> word of what is shown of a trial: `SHOWN`, and the primary metric of its first protocol."""
    primary = primary_metric(trial.cell.recipe.protocols)
    return SHOWN if primary is None else {**SHOWN, primary: primary.partition("/")[0].replace("_", " ")}


def duration(seconds: float) -> str:
    """Seconds in words: `42 s`, `3 min`, `1.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def metrics_text(metrics: dict[str, float]) -> str:
    """Running metrics, word -> value, in a line."""
    return "  ".join(f"{word} {value:.3f}" for word, value in metrics.items())


class PlainProgress(ProgressDisplay):
    """A line when a trial ends: for logs and pipes."""

    def finished(self, trial: Trial) -> None:
        metrics = self.running.get(trial.id, (trial, 0.0, {}))[2]
        super().finished(trial)
        self._line(f"finished  {trial.cell.label} seed={trial.seed}  {metrics_text(metrics)}")

    def failed(self, trial: Trial, kind: str, message: str) -> None:
        super().failed(trial, kind, message)
        self._line(f"{kind}  {trial.cell.label} seed={trial.seed}: {message}")

    def restarted(self, trial: Trial, kind: str, message: str) -> None:
        super().restarted(trial, kind, message)
        self._line(f"{kind}, starts again  {trial.cell.label} seed={trial.seed}: {message}")

    def note(self, text: str) -> None:
        self._line(text)

    def crashed(self, trial: Trial, error: ProtocolError) -> None:
        super().crashed(trial, error)
        self._line(f"protocol {error.name} failed  {trial.cell.label} seed={trial.seed}: {error.message}")

    def _line(self, text: str) -> None:
        self.console.print(safe(f"[{self.headline()}] {text}"), markup=False, highlight=False, soft_wrap=True)


class LiveTable(ProgressDisplay):
    """A table of cells with bars that redraws itself: for terminals."""

    def __enter__(self) -> "LiveTable":
        self.live = Live(get_renderable=self.draw, console=self.console, refresh_per_second=4, transient=True)
        self.live.__enter__()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.live.__exit__(kind, error, trace)
        self.console.print(self.headline(), markup=False, highlight=False)

    def failed(self, trial: Trial, kind: str, message: str) -> None:
        super().failed(trial, kind, message)
        self.console.print(
            safe(f"{kind}: {trial.cell.label} seed={trial.seed}: {message}"), markup=False, highlight=False
        )

    def note(self, text: str) -> None:
        self.console.print(safe(text), markup=False, highlight=False)

    def crashed(self, trial: Trial, error: ProtocolError) -> None:
        super().crashed(trial, error)
        text = f"protocol {error.name} failed: {trial.cell.label} seed={trial.seed}: {error.message}"
        self.console.print(safe(text), markup=False, highlight=False)

    def draw(self) -> Group:
        """The headline over a table: cell, seeds done, bar, running metrics."""
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for title in ("cell", "trials", "", "now"):
            table.add_column(title, no_wrap=True)
        partly: defaultdict[str, float] = defaultdict(float)
        now: dict[str, dict[str, float]] = {}
        for trial, share, metrics in self.running.values():
            partly[trial.cell.label] += share
            now[trial.cell.label] = metrics
        labels = sorted(self.size, key=lambda label: (label not in now, self.ended[label] == self.size[label]))
        for label in labels[:ROWS]:
            ended, size = self.ended[label], self.size[label]
            bar = ProgressBar(size, min(size, ended + partly[label]), width=24)
            table.add_row(Text(safe(label)), f"{ended}/{size}", bar, metrics_text(now.get(label, {})))
        hidden = len(labels) - ROWS
        more = [Text(f"and {hidden} cells more", style="dim")] if hidden > 0 else []
        return Group(Text(self.headline(), style="bold"), table, *more)


def watch(trials: Sequence[Trial], done: int, console: Console, coming: Sequence[Trial] = ()) -> ProgressDisplay:
    """A live table on a terminal, and in a notebook that has ipywidgets, which rich draws it with; lines elsewhere."""
    live = console.is_terminal or (console.is_jupyter and find_spec("ipywidgets") is not None)
    return (LiveTable if live else PlainProgress)(trials, done, console, coming)
