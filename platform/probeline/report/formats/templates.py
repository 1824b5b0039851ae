"""The templates of all pages, and the colours and scripts that they share."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

REPORT = Path(__file__).parents[1]


def environment() -> Environment:
    """Templates below `report/`; every text is escaped, an unknown name is an error."""
    return Environment(
        loader=FileSystemLoader(REPORT),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def files_text(*names: str) -> Markup:
    """Files below `report/`, one after the other."""
    return Markup("".join((REPORT / name).read_text(encoding="utf-8") for name in names))
