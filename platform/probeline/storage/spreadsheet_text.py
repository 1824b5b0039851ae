"""Fields of CSV files that no spreadsheet takes for a formula, and back."""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What spreadsheets take the start of a formula for, full-width signs among it, behind any number of quotes."""


def inert(text: str) -> str:
    """`text` behind a quote where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def original(field: str) -> str:
    """The text that `inert` made a field of."""
    return field[1:] if field.startswith("'") and _FORMULA.match(field) else field
