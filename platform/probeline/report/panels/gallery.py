"""Pictures side by side, a card a cell: what the page sets, as safe HTML without a script."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, TypeVar

import plotly.graph_objects as go
from markupsafe import Markup, escape

from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean
from probeline.report.tables.tables import Table

FIRST = 6  # cards that are open; more wait in a fold
KINDS = {b"\xff\xd8\xff": "jpeg", b"\x89PN": "png"}

InfoT = TypeVar("InfoT")


@dataclass(frozen=True)
class Card(Generic[InfoT]):
    """One cell's picture; `info`: what it was drawn of."""

    cell: str
    trial: str
    body: Markup
    info: InfoT = field(repr=False, compare=False)


@dataclass(frozen=True)
class Gallery(Generic[InfoT]):
    """Cards of one kind; `missing` says for which cells there is none, and why."""

    name: str
    title: str
    caption: str
    cards: tuple[Card[InfoT], ...] = ()
    missing: tuple[str, ...] = ()
    figure: "Callable[[Gallery[InfoT]], go.Figure] | None" = field(default=None, repr=False, compare=False)
    tables: tuple[Table, ...] = ()

    def figures(self) -> "list[Callable[[], go.Figure]]":
        """What draws the cards, FIRST at a time, for files that stand alone."""
        if self.figure is None:
            return []
        starts = range(0, len(self.cards), FIRST)
        return [partial(self.figure, replace(self, cards=self.cards[at : at + FIRST])) for at in starts]

    @property
    def first(self) -> tuple[Card[InfoT], ...]:
        """The cards that are open."""
        return self.cards[:FIRST]

    @property
    def more(self) -> tuple[Card[InfoT], ...]:
        """The cards that wait in a fold."""
        return self.cards[FIRST:]


@dataclass(frozen=True)
class TileSheet:
    """A picture file of tiles: the CSS class that shows it, its tiles in a line, its lines, a tile's size in px."""

    name: str
    across: int
    lines: int
    width: int
    height: int


@dataclass
class Sheets:
    """The picture files of a page, each kept once, by the CSS class that shows it."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def add(self, content: bytes) -> str:
        """The class of a picture. Raises ValueError where it is neither JPEG nor PNG."""
        if content[:3] not in KINDS:
            raise ValueError("a picture that is neither JPEG nor PNG")
        name = "sheet-" + hashlib.sha256(content).hexdigest()[:10]
        self.contents[name] = content
        return name

    def css(self) -> Markup:
        """A rule a picture."""
        return Markup("\n".join(f".{name} {{ background-image: url({data_url(c)}); }}" for name, c in
                                self.contents.items()))  # fmt: skip


def data_url(content: bytes) -> str:
    """A JPEG or PNG as an address that holds it."""
    return f"data:image/{KINDS[content[:3]]};base64,{base64.b64encode(content).decode()}"


@dataclass(frozen=True)
class GalleryKind(Generic[InfoT]):
    """How a gallery is read and drawn.

    `read` prepares what a trial's files show, None where there are none; `draw` makes HTML of that, `figure` a figure
    of a whole gallery; None where nothing of it can be drawn, as its tables say it all or it is heard.
    """

    read: Callable[[SelectedTrial], InfoT | None]
    draw: Callable[[InfoT], Markup]
    figure: Callable[[Gallery[InfoT]], go.Figure] | None = None


def gallery(
    head: tuple[str, str, str], protocol: str, chosen: Sequence[SelectedTrial], kind: GalleryKind[InfoT]
) -> Gallery[InfoT] | None:
    """Cards of the trials whose recipe has `protocol`; None where no recipe has. `head`: name, title, caption.

    What is damaged is said as missing.
    """
    asked = [one for one in chosen if protocol in one.protocols]
    if not asked:
        return None
    cards: list[Card[InfoT]] = []
    missing = []
    for one in asked:
        info, why = attempted(one, protocol, kind.read)
        if info is None:
            missing.append((one.cell, why))
        else:
            cards.append(Card(clean(one.cell), trial(one), kind.draw(info), info))
    return Gallery(*head, tuple(cards), missing_sentences(missing), kind.figure)


def missing_sentences(missing: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Sentences on cells and why they have no picture; those with one reason share one."""
    by_reason: dict[str, list[str]] = {}
    for cell, why in missing:
        by_reason.setdefault(why, []).append(clean(cell))
    return tuple(f"{', '.join(cells)}: {why}" for why, cells in by_reason.items())


def attempted(
    one: SelectedTrial, protocol: str, read: Callable[[SelectedTrial], InfoT | None]
) -> tuple[InfoT | None, str]:
    """What a trial's files show, or None and why."""
    if one.why:
        return None, one.why
    try:
        info = read(one)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        return None, f"trial {one.trial_id} left files that cannot be read ({type(error).__name__})"
    if info is not None:
        return info, ""
    note = one.notes.get(protocol)
    return None, clean(note).partition(";")[0] if note else f"trial {one.trial_id} left none"


def trial(one: SelectedTrial) -> str:
    """Which trial a card is of."""
    return f"seed {one.seed}, trial {clean(one.trial_id)}"


def tile(sheet: TileSheet, index: int, label: str, kind: str = "") -> Markup:
    """One tile of a sheet as an element; `label` is read aloud."""
    line, column = divmod(index, sheet.across)
    at = f"{_percent(column, sheet.across)} {_percent(line, sheet.lines)}"
    size = f"{sheet.across * 100}% {sheet.lines * 100}%"
    style = f"background-size:{size};background-position:{at};aspect-ratio:{sheet.width}/{sheet.height}"
    classes = f"tile {sheet.name} {kind}".strip()
    return Markup('<span class="{}" role="img" aria-label="{}" title="{}" style="{}"></span>').format(
        classes, label, label, style
    )


def _percent(index: int, count: int) -> str:
    return f"{100 * index / (count - 1):.4g}%" if count > 1 else "0"


def tile_sheet(name: str, sheet: dict) -> TileSheet:
    """A sheet by what a JSON file says of it. Raises ValueError, KeyError."""
    width, height = map(int, sheet["tile"])
    across, count = int(sheet["across"]), int(sheet["count"])
    if min(width, height, across, count) < 1:
        raise ValueError("a sheet without tiles")
    return TileSheet(name, across, -(-count // across), width, height)


def small(text: str) -> Markup:
    """A line below a tile."""
    return Markup("<small><bdi>{}</bdi></small>").format(escape(clean(text)))
