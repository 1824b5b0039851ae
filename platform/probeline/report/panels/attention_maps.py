"""Attention of a text encoder's last block: a table a text, a row the token that looks, shaded by what it takes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from probeline.report.panels.gallery import Card, Gallery, GalleryKind, gallery
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean
from probeline.report.tables.tables import Entry, Table

PROTOCOL, FILE = "attention_map", "attention_map/attention.json"
TITLE = "Attention of the last block"
CAPTION = (
    "The first tokens of validation texts, the same for every cell on these data. A row shows what a token's vector is "
    "mixed of: the darker, the more it takes of the token above, by the square root of the share; full where it takes "
    "nothing else. It does not show what a prediction hangs on."
)
MAX_TEXTS, MAX_TOKENS = 12, 64
MAX_LINKS = 5  # of a text in words


@dataclass(frozen=True)
class AttendedText:
    """A text's tokens, and for each the shares [T, T] that it takes of all."""

    label: str
    tokens: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]

    @property
    def links(self) -> list[tuple[str, str, float]]:
        """The MAX_LINKS strongest (token, other token, share), without those of a token to itself."""
        pairs = [
            (self.tokens[row], self.tokens[column], share)
            for row, line in enumerate(self.weights)
            for column, share in enumerate(line)
            if row != column
        ]
        return sorted(pairs, key=lambda pair: -pair[2])[:MAX_LINKS]


@dataclass(frozen=True)
class AttentionMaps:
    """The texts of one trial. `head`: None for the mean over `heads`."""

    head: int | None
    heads: int
    texts: tuple[AttendedText, ...]

    @property
    def words(self) -> str:
        """Of which heads they are."""
        return f"mean of {self.heads} heads" if self.head is None else f"head {self.head} of {self.heads}"


def prepare(one: SelectedTrial) -> AttentionMaps | None:
    """What the trial's file has; None where there is none. Raises ValueError where weights do not fit the tokens."""
    facts = one.facts(FILE)
    if facts is None or not facts["texts"]:
        return None
    head = None if facts["head"] is None else int(facts["head"])
    return AttentionMaps(head, int(facts["heads"]), tuple(_text(each) for each in facts["texts"][:MAX_TEXTS]))


def _text(stored: dict) -> AttendedText:
    tokens = tuple(visible(str(token)) for token in stored["tokens"])
    weights = tuple(tuple(float(share) for share in line) for line in stored["weights"])
    if not 0 < len(tokens) <= MAX_TOKENS or {len(weights), *map(len, weights)} != {len(tokens)}:
        raise ValueError(f"{FILE} has weights that do not fit its tokens")
    if not all(0 <= share <= 1 for line in weights for share in line):
        raise ValueError(f"{FILE} has weights that are no shares")
    return AttendedText(clean(stored["label"]), tokens, weights)


def visible(token: str) -> str:
    """A token that can be seen: without the spaces around it; white space alone by its sign."""
    signs = {" ": "\N{OPEN BOX}", "\n": "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}", "": "\N{MIDDLE DOT}"}
    return clean(token).strip() or signs.get(token, signs[""])


def draw(info: AttentionMaps) -> Markup:
    """A table a text, and of which heads."""
    tables = Markup("").join(_table(text) for text in info.texts)
    return Markup("{}<figcaption>{}</figcaption>").format(tables, info.words)


def _table(text: AttendedText) -> Markup:
    heads = [Markup('<th scope="col"><span><bdi>{}</bdi></span></th>').format(token) for token in text.tokens]
    lines = []
    for token, line in zip(text.tokens, text.weights, strict=True):
        fields = [Markup('<td class="field" style="--share:{}%"></td>').format(round(100 * math.sqrt(n))) for n in line]
        lines.append(Markup('<tr><th scope="row"><bdi>{}</bdi></th>{}</tr>').format(token, Markup("").join(fields)))
    title = Markup("<p><bdi>{}</bdi></p>").format(text.label) if text.label else Markup("")
    return Markup(
        '{}<div class="matrix attention" role="img" aria-label="{}"><table>'
        "<thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(title, _links(text), Markup("").join(heads), Markup("").join(lines))


def _links(text: AttendedText) -> str:
    return "; ".join(f"{token} takes {share:.0%} of {other}" for token, other, share in text.links)


def _in_words(card: Card[AttentionMaps]) -> Table:
    """The same for a reader of text: the strongest links of each text."""
    name = f"attention_{card.trial.rpartition(' ')[2]}"
    rows = tuple((Entry(" ".join(text.tokens)), Entry(_links(text))) for text in card.info.texts)
    caption = f"Attention of the last block, {card.cell}, {card.trial}: {card.info.words}."
    return Table(name, caption, ("Tokens", "The strongest links, without those of a token to itself"), rows)


def panel(chosen: Sequence[SelectedTrial]) -> Gallery[AttentionMaps] | None:
    """The maps of trials that drew any; None where no recipe has the protocol."""
    cards = gallery(("attention", TITLE, CAPTION), PROTOCOL, chosen, GalleryKind(prepare, draw))
    return replace(cards, tables=tuple(_in_words(card) for card in cards.first)) if cards else None
