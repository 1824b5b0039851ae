"""The page of a collection: one offline HTML table with pictures, the same as Markdown, and a page an experiment."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from probeline import __version__
from probeline.experiment.collection import Collection
from probeline.report.formats import markdown
from probeline.report.formats.page import policy
from probeline.report.formats.templates import environment, files_text
from probeline.report.panels.gallery import data_url
from probeline.report.panels.image_compression import compact
from probeline.report.tables.systems import ABOVE, BELOW, SystemRow, lead, spans
from probeline.report.tables.tables import Entry
from probeline.statistics.intervals import METHOD

STYLES = ("formats/page.css", "formats/systems.css")


@dataclass(frozen=True)
class ShownSystem:
    """A row with what is beside its numbers: `picture` is a PNG or b"", `page` a relative address or ""."""

    row: SystemRow
    page: str = ""
    picture: bytes = b""
    caption: str = ""

    @property
    def image(self) -> str:
        """The picture as an address that a page carries."""
        return data_url(compact(self.picture)) if self.picture else ""

    @property
    def tone(self) -> str:
        """A class of the style sheet for the verdict."""
        return {ABOVE: "above", BELOW: "below"}.get(self.row.verdict, "even")


def write(collection: Collection, shown: Sequence[ShownSystem], folder: Path) -> list[Path]:
    """Write `index.html` and `report.md` into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"index.html": render(collection, shown), "report.md": as_markdown(collection, shown)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def render(collection: Collection, shown: Sequence[ShownSystem]) -> str:
    """The page as one HTML text that loads nothing but what its links lead to."""
    return (
        environment()
        .get_template("formats/systems.html.j2")
        .render(
            page=collection,
            lead=lead([each.row for each in shown]),
            shown=shown,
            drawing=drawing,
            method=METHOD,
            policy=policy(),
            css=files_text(*STYLES),
            version=__version__,
        )
    )


def drawing(row: SystemRow) -> Markup:
    """The two intervals on one axis, the floor's below, as SVG; empty where one has no number."""
    both = spans(row)
    if both is None:
        return Markup("")
    marks = "".join(
        f'<g class="{name}"><line x1="{100 * span.low:g}%" x2="{100 * span.high:g}%" y1="{y}" y2="{y}"/>'
        f'<circle cx="{100 * span.mean:g}%" cy="{y}" r="3.5"/></g>'
        for name, span, y in (("ours", both[0], 8), ("floor", both[1], 22))
    )
    return Markup(f'<svg class="spans" aria-hidden="true" width="100%" height="30">{marks}</svg>')


def as_markdown(collection: Collection, shown: Sequence[ShownSystem]) -> str:
    """The same rows for an issue or a pull request."""
    heads = ("System", "Paper", "Data", "Metric", "Number", "n", "Floor", "Difference", "Verdict")
    rule = "| " + " | ".join(["---"] * len(heads)) + " |"
    lines = [f"| {' | '.join(heads)} |", rule, *(_markdown_row(each) for each in shown)]
    parts = [f"# {markdown.safe(collection.name)}", markdown.line(collection.question)]
    parts += [f"**{markdown.safe(lead([each.row for each in shown]))}**", "\n".join(lines)]
    parts += [f"Intervals: {markdown.safe(METHOD)}. Verdicts after Holm's correction over all rows."]
    return "\n\n".join(filter(None, parts)) + "\n"


def _markdown_row(each: ShownSystem) -> str:
    row = each.row
    name = f"[{markdown.safe(row.system.system)}]({each.page})" if each.page else markdown.safe(row.system.system)
    number = markdown.safe(row.reason) if row.reason else _text(row.number)
    floor = f"{markdown.safe(row.floor)}: {_text(row.floor_number)}" if row.levels else markdown.safe(row.floor)
    middle = (row.system.paper, row.data, row.metric)
    last = (_text(row.difference), markdown.safe(row.verdict))
    return f"| {' | '.join([name, *map(markdown.safe, middle), number, row.n, floor, *last])} |"


def _text(entry: Entry) -> str:
    return markdown.safe(f"{entry.text} ({entry.small})" if entry.small else entry.text)
