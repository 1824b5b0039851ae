"""Leaderboards as files: one offline HTML page, Markdown and JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

from probeline import __version__
from probeline.report.formats import markdown
from probeline.report.formats.page import policy, rows_html
from probeline.report.formats.templates import environment, files_text
from probeline.report.tables.board import as_dict, sentence, table
from probeline.report.tables.contests import Contest
from probeline.statistics.intervals import METHOD

SCRIPTS = ("formats/tables.js",)
STYLES = ("formats/page.css", "formats/board.css")


def write(contests: Sequence[Contest], title: str, folder: Path) -> list[Path]:
    """Write `index.html`, `board.md` and `board.json` into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "index.html": render(contests, title),
        "board.md": as_markdown(contests, title),
        "board.json": json.dumps([as_dict(each) for each in contests], indent=1),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def render(contests: Sequence[Contest], title: str) -> str:
    """The page as one HTML text that loads nothing; its tables sort and filter."""
    script, templates = files_text(*SCRIPTS), environment()
    templates.filters |= {"rows_html": rows_html}
    return templates.get_template("formats/board.html.j2").render(
        title=title,
        shown=[(contest, table(contest, number)) for number, contest in enumerate(contests, 1)],
        sentence=sentence,
        method=METHOD,
        policy=policy(script),
        css=files_text(*STYLES),
        script=script,
        version=__version__,
    )


def as_markdown(contests: Sequence[Contest], title: str) -> str:
    """The same tables for an issue or a pull request."""
    parts = [f"# {markdown.safe(title)}"]
    for number, contest in enumerate(contests, 1):
        parts += [f"## {markdown.safe(contest.metric.heading)}", f"**{markdown.safe(sentence(contest))}**"]
        parts.append(markdown.table(table(contest, number)))
    return "\n\n".join([*parts, f"Intervals: {markdown.safe(METHOD)}."]) + "\n"
