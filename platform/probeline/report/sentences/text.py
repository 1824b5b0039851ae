"""Names from specs and tags, made safe to set into a sentence of any script."""

import unicodedata

BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])
ISOLATE, POP = "\u2068", "\u2069"
MOST = 120  # characters of a name that a sentence bears; the tables have all of it


def clean(value: object) -> str:
    """Text without control characters, of which some would reorder what stands beside it."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text.translate(BIDI_CONTROLS))


def isolated(value: object) -> str:
    """`clean` text, cut past MOST; set apart where it runs right to left, so that numbers keep their place."""
    cleaned = clean(value)
    cleaned = cleaned if len(cleaned) <= MOST else f"{cleaned[: MOST - 1]}…"
    mixed = not cleaned.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL") for c in cleaned)
    return f"{ISOLATE}{cleaned}{POP}" if mixed else cleaned
