"""Names from specs and tags, made safe to set into a sentence of any script."""

import unicodedata

BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])
ISOLATE, POP = "\u2068", "\u2069"


def clean(value: object) -> str:
    """Text without control characters, of which some would reorder what stands beside it."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text.translate(BIDI_CONTROLS))


def isolated(value: object) -> str:
    """`clean` text; where it runs right to left, set apart so that the numbers beside it keep their place."""
    cleaned = clean(value)
    mixed = not cleaned.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL") for c in cleaned)
    return f"{ISOLATE}{cleaned}{POP}" if mixed else cleaned
