"""The index over experiments: one offline HTML page and its Markdown, whose links are relative to their folder."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

from probeline import __version__
from probeline.report.formats import markdown
from probeline.report.formats.page import policy
from probeline.report.formats.templates import environment, files_text
from probeline.report.tables.index_entries import IndexEntry
from probeline.statistics.intervals import Estimate, Interval

SCRIPTS = ("formats/index.js",)
STYLES = ("formats/page.css", "formats/index.css")
STEP = 11
"""Pixels from one line of a drawing to the next."""


def write(entries: Sequence[IndexEntry], folder: Path) -> list[Path]:
    """Write `index.html` and `index.md` into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"index.html": render(entries), "index.md": as_markdown(entries)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def render(entries: Sequence[IndexEntry]) -> str:
    """The page as one HTML text that loads nothing but what its links lead to."""
    script = files_text(*SCRIPTS)
    return (
        environment()
        .get_template("formats/index.html.j2")
        .render(
            entries=entries,
            answered=sum(each.finished for each in entries),
            drawing=drawing,
            policy=policy(script),
            css=files_text(*STYLES),
            script=script,
            version=__version__,
        )
    )


def drawing(entry: IndexEntry) -> Markup:
    """The lines' intervals below each other as SVG, the best first; each names itself under the pointer."""
    if not entry.levels:
        return Markup("")
    spans = [_interval(estimate) for _, estimate in entry.levels]
    low, high = min(span.low for span in spans), max(span.high for span in spans)
    width = (high - low) or 1.0

    def share(value: float) -> str:
        return f"{4 + 92 * (value - low) / width:.2f}%"

    marks = [
        f'<g><title>{escape(label)}</title><line x1="{share(span.low)}" x2="{share(span.high)}" y1="{y}" y2="{y}"/>'
        f'<circle cx="{share(estimate.mean)}" cy="{y}" r="3"/></g>'
        for y, (label, estimate), span in zip(_heights(len(spans)), entry.levels, spans, strict=True)
    ]
    height = STEP * len(spans) + 6
    name = escape(f"{entry.metric} by line, best first: {', '.join(label for label, _ in entry.levels)}")
    return Markup(
        f'<svg class="levels" role="img" aria-label="{name}" width="100%" height="{height}">{"".join(marks)}</svg>'
    )


def _heights(count: int) -> list[int]:
    return [8 + STEP * number for number in range(count)]


def _interval(estimate: Estimate) -> Interval:
    return estimate.interval or Interval(estimate.mean, estimate.mean)


def as_markdown(entries: Sequence[IndexEntry]) -> str:
    """The same entries for a pull request or a wiki."""
    lines = ["| Experiment | Question | Answer | State | Price |", "| --- | --- | --- | --- | --- |"]
    for each in entries:
        name = f"[{markdown.safe(each.name)}]({each.page})" if each.page else markdown.safe(each.name)
        fields = map(markdown.safe, (each.question, each.answer or "—", each.state, each.price or "—"))
        lines.append(f"| {' | '.join([name, *fields])} |")
    return "# Experiments\n\n" + "\n".join(lines) + "\n"
