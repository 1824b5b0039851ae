"""Tables that a user wrote: CSV or TSV files with a header, each row with its line, and one message for all faults."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from probeline.data.read_report import LISTED
from probeline.data.source_paths import reason, shown
from probeline.errors import BadData, UserError
from probeline.storage.regular_files import read_regular

MAX_TABLE_BYTES = 2**30


@dataclass(frozen=True)
class TableRow:
    """One row of a table: the line it begins at, and its values by column."""

    line: int
    values: dict[str, str]


def read_text(path: Path) -> str:
    """A text file in UTF-8. Raises UserError where it cannot be read or is no text."""
    try:
        return read_regular(path, MAX_TABLE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{shown(path)}: byte {error.start} is not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise UserError(f"{shown(path)}: cannot be read: {reason(error)}") from error


def read_table(path: Path) -> tuple[list[str], list[TableRow]]:
    """Columns and rows of a CSV or, where the header holds tabs, TSV file. Raises UserError, BadData."""
    text = read_text(path)
    tabs = "\t" in text.partition("\n")[0]
    plain = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tabs else {"delimiter": ","}
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=not tabs, **plain)
        lines = [(reader.line_num, values) for values in reader if values]
    except csv.Error as error:
        raise BadData(f"{shown(path)}: it is no table of comma- or tab-separated values: {error}") from error
    if not lines:
        raise BadData(f"{shown(path)}: it is empty; a header with the names of the columns comes first")
    columns = [name.strip() for name in lines[0][1]]
    if len(set(columns)) < len(columns):
        raise BadData(f"{shown(path)}: its header has a column twice: {', '.join(map(shown, columns))}")
    wrong = [f"line {line}: {len(values)} values" for line, values in lines[1:] if len(values) != len(columns)]
    refuse(path, wrong, len(lines) - 1, f"rows have another number of values than the {len(columns)} columns")
    return columns, [TableRow(line, dict(zip(columns, values, strict=True))) for line, values in lines[1:]]


def refuse(path: Path, problems: Iterable[str], count: int, what: str) -> None:
    """Raises BadData, which lists the problems, where there are any of `count` rows."""
    listed = list(problems)
    if listed:
        more = [f"and {len(listed) - LISTED:,} more"] if len(listed) > LISTED else []
        lines = "\n  ".join([*listed[:LISTED], *more])
        raise BadData(f"{shown(path)}: {len(listed):,} of {count:,} {what}; mend or remove them:\n  {lines}")


def require_columns(path: Path, columns: list[str], wanted: Iterable[str]) -> None:
    """Raises UserError where a column is missing."""
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise UserError(
            f"{shown(path)}: it has no column {', '.join(map(shown, missing))}; its columns are "
            f"{', '.join(map(shown, columns))}"
        )
