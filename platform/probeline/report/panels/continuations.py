"""Continuations of texts: prompts, and what a language model drew after each, as text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from probeline.report.panels.gallery import Card, Gallery, GalleryKind, gallery
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean
from probeline.report.tables.tables import Entry, Table

PROTOCOL, FILE = "samples", "samples/continuations.json"
TITLE = "Continuations"
CAPTION = (
    "Grey: the prompt, the beginning of a test text unless the recipe has prompts; then what the model drew after it, "
    "token by token. One trial a cell, not chosen by what it wrote."
)
MAX_TEXTS, MAX_CHARACTERS = 8, 3000  # of a card; of a prompt, and of a continuation


@dataclass(frozen=True)
class Continuation:
    """A prompt and what was drawn after it."""

    prompt: str
    drawn: str


@dataclass(frozen=True)
class ContinuedTexts:
    """Those of one trial. `top_k`: among how many likeliest tokens was drawn; None: all."""

    temperature: float
    top_k: int | None
    texts: tuple[Continuation, ...]


def prepare(one: SelectedTrial) -> ContinuedTexts | None:
    """What the trial's file has; None where there is none."""
    facts = one.facts(FILE)
    if facts is None or not facts["texts"]:
        return None
    texts = (Continuation(_text(each["prompt"]), _text(each["continuation"])) for each in facts["texts"][:MAX_TEXTS])
    top_k = None if facts["top_k"] is None else int(facts["top_k"])
    return ContinuedTexts(float(facts["temperature"]), top_k, tuple(texts))


def _text(text: object) -> str:
    """Lines stay lines; other control characters go, as everywhere on the page."""
    return "\n".join(clean(line) for line in str(text)[:MAX_CHARACTERS].split("\n"))


def draw(info: ContinuedTexts) -> Markup:
    """A paragraph a prompt, and how it was drawn."""
    lines = [
        Markup('<p class="continued" dir="auto"><span class="prompt">{}</span>{}</p>').format(each.prompt, each.drawn)
        for each in info.texts
    ]
    return Markup("{}<figcaption>{}</figcaption>").format(Markup("").join(lines), _drawing(info))


def _drawing(info: ContinuedTexts) -> str:
    among = "all tokens" if info.top_k is None else f"the {info.top_k} likeliest tokens"
    return f"temperature {info.temperature:g}, among {among}"


def _table(card: Card[ContinuedTexts]) -> Table:
    """The same for a reader of text."""
    name = f"continuations_{card.trial.rpartition(' ')[2]}"
    rows = tuple((Entry(each.prompt), Entry(each.drawn)) for each in card.info.texts)
    caption = f"Continuations, {card.cell}, {card.trial}: {_drawing(card.info)}."
    return Table(name, caption, ("Prompt", "Continuation"), rows)


def panel(chosen: Sequence[SelectedTrial]) -> Gallery[ContinuedTexts] | None:
    """The texts of trials that continued any; None where no recipe has the protocol."""
    cards = gallery(("continuations", TITLE, CAPTION), PROTOCOL, chosen, GalleryKind(prepare, draw, None))
    return replace(cards, tables=tuple(_table(card) for card in cards.first)) if cards else None
