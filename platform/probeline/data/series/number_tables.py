"""Tables of numbers in text files, a row a line, checked line by line."""

from pathlib import Path

import numpy as np

from probeline.data.source_paths import reason, shown
from probeline.errors import BadData
from probeline.storage.regular_files import read_regular

MAX_BYTES = 2**28


def read_numbers(path: Path, columns: int, last_below: int) -> np.ndarray:
    """float64 [N, columns] of lines `a,b,...`; the last column is a class, a whole number from 0 to last_below - 1.

    Raises:
        BadData: the file cannot be read or has no rows, or a line has other than `columns` values, a value that is no
            finite number, or another class; the line is given.
    """
    try:
        lines = read_regular(path, MAX_BYTES).decode("ascii").splitlines()
    except (OSError, ValueError) as error:
        raise BadData(f"{shown(path)}: cannot be read: {reason(error)}") from error
    rows = [_row(f"{shown(path)}:{number}", line, columns) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise BadData(f"{shown(path)}: no rows")
    table = np.array(rows)
    wrong = ~np.isfinite(table).all(1) | ~np.isin(table[:, -1], np.arange(last_below))
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        line = [number for number, text in enumerate(lines, 1) if text.strip()][at]
        what = f"its class is {table[at, -1]:g}; allowed: 0 to {last_below - 1}"
        raise BadData(f"{shown(path)}:{line}: {what if np.isfinite(table[at]).all() else 'a value that is not finite'}")
    return table


def _row(where: str, line: str, columns: int) -> list[float]:
    values = line.split(",")
    if len(values) != columns:
        raise BadData(f"{where}: {len(values)} values; a row has {columns}")
    try:
        return [float(value) for value in values]
    except ValueError as error:
        raise BadData(f"{where}: {reason(error)}") from error
