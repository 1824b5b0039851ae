"""The report as Markdown: the words and the tables, for an issue, a pull request or a chat."""

import re
from collections.abc import Sequence

from probeline.report.formats.contents import Contents
from probeline.report.formats.images import Picture
from probeline.report.panels.gallery import Gallery
from probeline.report.sentences.summary import GAPS
from probeline.report.sentences.text import ISOLATE, POP
from probeline.report.tables.tables import Entry, Table
from probeline.storage.markdown_text import SPECIAL, at_line_start, one_line

FEW = 8  # comparisons that a summary tells
ISOLATED = re.compile(f"{ISOLATE}([^{ISOLATE}{POP}]*){POP}")


def render(page: Contents, pictures: Sequence[Picture] = ()) -> str:
    """The whole report with these figures, which are files below its folder; text from specs and tags is escaped."""
    parts = [f"# {safe(page.title)}", line(page.question), f"**{safe(page.answer.lead)}**"]
    for section in filter(lambda section: section.sentences, (page.answer.baseline, *page.answer.sections)):
        parts += [f"### {safe(section.title)}", "\n".join(f"- {line(sentence)}" for sentence in section.sentences)]
    if page.expected:
        parts.append(f"Expected: {safe(page.expected)}")
    if page.notes:
        parts.append(f"Why: {safe(page.notes)}")
    for part in page.sections:
        shown = [line(one.message) for one in part.charts if one.figure is None]
        shown += [picture(one) for one in pictures if one.part == part.id]
        tables = [table(one) for one in part.tables if one.rows]
        tables += [table(one) for each in part.galleries for one in each.tables]
        parts += [f"## {safe(part.title)}", *(line(sentence) for sentence in part.sentences), *shown, *tables]
        parts += [f"{line(each.title)}: {_cards(each)}." for each in part.galleries if not pictures and each.cards]
        parts += [f"{line(each.title)}: {safe(reason)}." for each in part.galleries for reason in each.missing]
        parts += [safe(part.empty)] * (not shown and not tables)
    parts.append("## Provenance")
    parts += [f"- {safe(name)}: {'; '.join(map(safe, values))}" for name, values in page.facts]
    parts.append(f"Intervals: {safe(page.method)}. {safe(page.coverage)} Figures: `index.html`.")
    return "\n\n".join(filter(None, parts)) + "\n"


def summary(page: Contents) -> str:
    """The answer in a few lines: what comes out best, what that is against the baseline, and what is missing."""
    against = page.answer.baseline.sentences
    bullets = [f"- {line(sentence)}" for sentence in against[:FEW]]
    bullets += [f"- and {len(against) - FEW} more in the report"] * (len(against) > FEW)
    gaps = [f"*{safe(sentence)}*" for part in page.answer.sections if part.title == GAPS for sentence in part.sentences]
    return "\n\n".join(part for part in (f"**{safe(page.answer.lead)}**", "\n".join(bullets), *gaps) if part) + "\n"


def table(content: Table) -> str:
    """A pipe table under its caption."""
    rule = [" ---: " if i in content.numeric else " --- " for i in range(len(content.columns))]
    lines = [_row([safe(name) for name in content.columns]), "|" + "|".join(rule) + "|"]
    lines += [_row([_entry(entry) for entry in row]) for row in content.rows]
    return f"{line(content.caption)}\n\n" + "\n".join(lines)


def picture(one: Picture) -> str:
    """A figure under its title; a PDF, which Markdown shows nowhere, as a link."""
    link = f"[{safe(one.title)}]({one.file})"
    shown = link if one.file.endswith(".pdf") else f"!{link}"
    return f"### {safe(one.title)}\n\n{shown}" + (f"\n\n{line(one.caption)}" if one.caption else "")


def _cards(gallery: Gallery) -> str:
    """Where pictures are that are no text."""
    return f"pictures of {safe(', '.join(card.cell for card in gallery.cards))} in `index.html`"


def line(value: object) -> str:
    """`safe` text that begins a line: it begins no list and no heading."""
    return at_line_start(safe(value))


def safe(value: object) -> str:
    """Text that Markdown shows as it is: on one line, every special character escaped; what is isolated stays so."""
    parts = ISOLATED.split(str(value))
    cleaned = [f"{ISOLATE}{one_line(part)}{POP}" if i % 2 else one_line(part) for i, part in enumerate(parts)]
    return SPECIAL.sub(r"\\\1", "".join(cleaned).strip())


def _entry(entry: Entry) -> str:
    return safe(f"{entry.text} ({entry.small})" if entry.small else entry.text)


def _row(fields: list[str]) -> str:
    return "| " + " | ".join(fields) + " |"
