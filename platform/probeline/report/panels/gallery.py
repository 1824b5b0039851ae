"""Pictures side by side, a card a cell: what the page sets, as safe HTML without a script."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd
import plotly.graph_objects as go
from markupsafe import Markup, escape

from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean
from probeline.report.tables.tables import Table

FIRST = 6  # cards that are open; more wait in a fold
KINDS = {b"\xff\xd8\xff": "jpeg", b"\x89PN": "png"}


@dataclass(frozen=True)
class Card:
    """One cell's picture."""

    cell: str
    trial: str
    body: Markup
    frame: pd.DataFrame = field(repr=False, compare=False)


@dataclass(frozen=True)
class Gallery:
    """Cards of one kind; `missing` says for which cells there is none, and why."""

    name: str
    title: str
    caption: str
    cards: tuple[Card, ...] = ()
    missing: tuple[str, ...] = ()
    figure: "Callable[[Gallery], go.Figure] | None" = field(default=None, repr=False, compare=False)
    tables: tuple[Table, ...] = ()

    def figures(self) -> "list[Callable[[], go.Figure]]":
        """What draws the cards, FIRST at a time, for files that stand alone."""
        if self.figure is None:
            return []
        starts = range(0, len(self.cards), FIRST)
        return [partial(self.figure, replace(self, cards=self.cards[at : at + FIRST])) for at in starts]

    @property
    def first(self) -> tuple[Card, ...]:
        """The cards that are open."""
        return self.cards[:FIRST]

    @property
    def more(self) -> tuple[Card, ...]:
        """The cards that wait in a fold."""
        return self.cards[FIRST:]


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
class Way:
    """How a gallery comes to be.

    `read` makes a trial's frame of its files, an empty one where there are none; `draw` makes of that what the page
    sets, `figure` of a gallery what stands alone.
    """

    read: Callable[[SelectedTrial], pd.DataFrame]
    draw: Callable[[pd.DataFrame], Markup]
    figure: Callable[[Gallery], go.Figure]


def gallery(head: tuple[str, str, str], protocol: str, chosen: Sequence[SelectedTrial], way: Way) -> Gallery | None:
    """Cards of the trials whose recipe has `protocol`; None where no recipe has. `head`: name, title, caption.

    What is damaged is said as missing.
    """
    asked = [one for one in chosen if protocol in one.protocols]
    if not asked:
        return None
    cards, missing = [], []
    for one in asked:
        frame, why = attempted(one, protocol, way.read)
        if why:
            missing.append((one.cell, why))
        else:
            cards.append(Card(clean(one.cell), trial(one), way.draw(frame), frame))
    return Gallery(*head, tuple(cards), missing_sentences(missing), way.figure)


def missing_sentences(missing: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Sentences on cells and why they have no picture; those with one reason share one."""
    by_reason: dict[str, list[str]] = {}
    for cell, why in missing:
        by_reason.setdefault(why, []).append(clean(cell))
    return tuple(f"{', '.join(cells)}: {why}" for why, cells in by_reason.items())


def attempted(
    one: SelectedTrial, protocol: str, read: Callable[[SelectedTrial], pd.DataFrame]
) -> tuple[pd.DataFrame, str]:
    """A trial's frame, and why there is none: "" where there is."""
    nothing = pd.DataFrame()
    if one.why:
        return nothing, one.why
    try:
        frame = read(one)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        return nothing, f"trial {one.trial_id} left files that cannot be read ({type(error).__name__})"
    if len(frame):
        return frame, ""
    note = one.notes.get(protocol)
    return nothing, clean(note).partition(";")[0] if note else f"trial {one.trial_id} left none"


def trial(one: SelectedTrial) -> str:
    """Which trial a card is of."""
    return f"seed {one.seed}, trial {clean(one.trial_id)}"


def tile(sheet: str, size: tuple[int, int, int, int], index: int, label: str, kind: str = "") -> Markup:
    """One tile of a sheet as an element; `size`: across, lines, width and height of a tile; `label` is read aloud."""
    across, lines, width, height = size
    line, column = divmod(index, across)
    at = f"{_percent(column, across)} {_percent(line, lines)}"
    style = f"background-size:{across * 100}% {lines * 100}%;background-position:{at};aspect-ratio:{width}/{height}"
    classes = f"tile {sheet} {kind}".strip()
    return Markup('<span class="{}" role="img" aria-label="{}" title="{}" style="{}"></span>').format(
        classes, label, label, style
    )


def _percent(index: int, count: int) -> str:
    return f"{100 * index / (count - 1):.4g}%" if count > 1 else "0"


def size_of(sheet: dict) -> tuple[int, int, int, int]:
    """across, lines, width and height of a tile, of what a JSON file says of its sheet. Raises ValueError, KeyError."""
    width, height = map(int, sheet["tile"])
    across, count = int(sheet["across"]), int(sheet["count"])
    if min(width, height, across, count) < 1:
        raise ValueError("a sheet without tiles")
    return across, -(-count // across), width, height


def small(text: str) -> Markup:
    """A line below a tile."""
    return Markup("<small><bdi>{}</bdi></small>").format(escape(clean(text)))
