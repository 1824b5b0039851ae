"""Praat's TextGrid files, long and short: the intervals of their tiers.

Format: Boersma, Weenink: Praat manual, "TextGrid file formats". Aligners such as the Montreal Forced Aligner write it.
"""

import re
from collections.abc import Iterator

Interval = tuple[float, float, str]
"""Start and end in seconds, and the label."""

TOKEN = re.compile(r'"(?:[^"]|"")*"|(?<![\w.])[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?(?![\w.\]])|<exists>|<absent>')
"""Strings, free-standing numbers and flags; the long format's other words are comments, `[1]` is no value."""


def intervals(text: str, tier: str) -> list[Interval]:
    """The intervals of the tier with that name, whatever its case.

    Raises ValueError where the text is no TextGrid or has no such interval tier.
    """
    tiers = dict(_tiers(text))
    wanted = next((name for name in tiers if name.lower() == tier.lower()), None)
    if wanted is None:
        raise ValueError(f"it has no interval tier {tier!r}; its tiers are {', '.join(map(repr, tiers)) or 'none'}")
    return tiers[wanted]


def _tiers(text: str) -> Iterator[tuple[str, list[Interval]]]:
    tokens = iter(TOKEN.findall(text))
    try:
        if (next(tokens), next(tokens)) != ('"ooTextFile"', '"TextGrid"'):
            raise ValueError("it is no TextGrid file")
        next(tokens), next(tokens)  # the whole time
        if next(tokens) == "<absent>":
            return
        for _ in range(int(next(tokens))):
            kind, name = _string(next(tokens)), _string(next(tokens))
            next(tokens), next(tokens)  # the tier's time
            count = int(next(tokens))
            if kind == "IntervalTier":
                yield name, [(float(next(tokens)), float(next(tokens)), _string(next(tokens))) for _ in range(count)]
            else:  # a tier of points: a time and a mark each
                for _ in range(2 * count):
                    next(tokens)
    except (StopIteration, RuntimeError) as error:
        raise ValueError("it ends in the middle") from error


def _string(token: str) -> str:
    if not token.startswith('"'):
        raise ValueError(f"a text in quotes was expected in the place of {token}")
    return token[1:-1].replace('""', '"').strip()
