"""Articles of WikiText: each begins with a line ` = Title = ` between blank lines."""

import re

TITLE = re.compile(r"^ ?= [^=].*[^=] = ?$", re.MULTILINE)


def articles_of(text: str) -> list[str]:
    """The articles in order, each with its title; what is before the first title belongs to none and is left out.

    A text without a title is one article.
    """
    starts = [match.start() for match in TITLE.finditer(text)]
    ends = [*starts[1:], len(text)]
    articles = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return articles or [text]
