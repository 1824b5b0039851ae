"""Tables of text, CSV, TSV or JSON lines, as rows of text cells by column; every message has file and line."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from probeline.data.source_paths import shown
from probeline.data.text.reading import read_text
from probeline.errors import BadData, UserError

MAX_CELL = 1_000_000
"""Characters: a longer cell is a quotation mark without its partner, or no table."""

KINDS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


@dataclass(frozen=True)
class Row:
    """One row: its cells by column name, or by number from 1 where there is no header; `line` begins it."""

    cells: dict[str, str]
    path: Path
    line: int

    def cell(self, column: str) -> str:
        """A cell. Raises UserError where there is no such column, with those that there are."""
        if column not in self.cells:
            names = ", ".join(map(shown, list(self.cells)[:20]))
            raise UserError(f"{shown(self.path)}:{self.line}: no column {shown(column)}; it has {names}")
        return self.cells[column]

    @property
    def where(self) -> str:
        """File and line."""
        return f"{shown(self.path)}:{self.line}"


def rows_of(path: Path, *, header: bool, quoted: bool = True, separator: str | None = None) -> list[Row]:
    """The rows of a table; what separates cells is told by the ending .csv, .tsv (or .txt) or .jsonl.

    Args:
        header: whether the first row has the columns' names; without it they are 1, 2, ...
        separator: what is between cells whatever the ending; None: as the ending says.
        quoted: whether quotation marks enclose cells, as in CSV; else they are text.

    Raises BadData for a damaged row, UserError as `read_text` does.
    """
    text = read_text(path)
    kind = KINDS.get(Path(path.name.removesuffix(".gz")).suffix.lower(), "tsv")
    if kind == "jsonl":
        return list(_json_rows(text, path))
    separator = separator or ("," if kind == "csv" else "\t")
    return list(_separated_rows(text, path, separator, header, quoted))


def _separated_rows(text: str, path: Path, separator: str, header: bool, quoted: bool) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL)
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
    names: list[str] | None = None
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadData(
                f"{shown(path)}:{line}: {shown(error)}; a cell has at most {MAX_CELL:,} characters: "
                "is a quotation mark without its partner?"
            ) from None
        if header and names is None:
            names = cells
        elif cells:
            columns = names or [str(number + 1) for number in range(len(cells))]
            if len(cells) < len(columns):
                raise BadData(f"{shown(path)}:{line}: {len(cells)} cells; the header has {len(columns)}: mend this row")
            yield Row(dict(zip(columns, cells, strict=False)), path, line)
        line = reader.line_num + 1


def _json_rows(text: str, path: Path) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadData(f"{shown(path)}:{number}: no JSON ({shown(error)}); each line is one object") from None
        if not isinstance(cells, dict):
            raise BadData(f"{shown(path)}:{number}: {type(cells).__name__}; each line is one JSON object")
        simple = {key: value for key, value in cells.items() if isinstance(value, str | int | float | None)}
        yield Row({key: "" if value is None else str(value) for key, value in simple.items()}, path, number)
