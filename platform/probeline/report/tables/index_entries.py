"""Entries of the index over experiments: question, answer in a sentence, state, and levels for a small drawing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from probeline.experiment.schema import Experiment
from probeline.report.formats.contents import shape_of
from probeline.report.results.metrics import metric
from probeline.report.results.results import Results
from probeline.report.sentences.summary import answer, line_estimate
from probeline.report.sentences.text import clean
from probeline.statistics.intervals import Estimate

MAX_DRAWN = 14
"""Lines in a drawing: more cannot be told apart at its size."""


@dataclass(frozen=True)
class IndexEntry:
    """One experiment. `answer` is "" before a trial has finished; `page`: a relative address or "".

    `state` and `price` are in words; `levels`: line -> its estimate, best first, of `metric`.
    """

    name: str
    file: str
    scale: str | None
    question: str
    expected: str
    answer: str = ""
    state: str = "not run"
    price: str = ""
    metric: str = ""
    levels: tuple[tuple[str, Estimate], ...] = ()
    page: str = ""

    @property
    def finished(self) -> bool:
        """Whether it has an answer."""
        return bool(self.answer)


def not_run(experiment: Experiment, file: str) -> IndexEntry:
    """The entry of an experiment of which nothing has run."""
    return IndexEntry(experiment.name, file, experiment.scale, experiment.question, experiment.expected)


def entry(experiment: Experiment, file: str, results: Results) -> IndexEntry:
    """The entry of an experiment with these results; state and price are the caller's."""
    main = experiment.report.metric or results.main_metric
    described, shape = metric(main), shape_of(experiment, results)
    cells = results.cells(main, shape)
    if not any(cell.values for cell in cells):
        return not_run(experiment, file)
    lines = {label: [cell for cell in cells if cell.line == label] for label in shape.labels}
    at = set(shape.x_values)
    levels = {label: line_estimate(group, at) for label, group in lines.items()}
    order = sorted((label for label in levels if levels[label].n), key=lambda label: levels[label].mean)
    order = order[::-1] if described.higher_is_better else order
    return replace(
        not_run(experiment, file),
        answer=answer(results, main, experiment.report.baseline, shape).lead,
        state="",
        metric=described.title,
        levels=tuple((clean(label), levels[label]) for label in order[:MAX_DRAWN]),
    )


def in_words(counts: Mapping[str, int]) -> str:
    """`12 finished`, `3 of 12 finished, 1 failed, 8 new`."""
    planned, finished = sum(counts.values()), counts.get("finished", 0)
    if finished == planned:
        return f"{finished} trials finished"
    others = (f"{count} {word}" for word, count in counts.items() if word != "finished" and count)
    return ", ".join([f"{finished} of {planned} trials finished", *others])
