"""Writes the table of floors that comes with the package, from the trials of a tracking store.

`make demo`, then `python tests/helpers/floor_table.py mlflow.db`: experiments/quickstart.yaml with five seeds.
"""

import sys
from pathlib import Path

from probeline.execution.planning.floors import TABLE, as_json, floors
from probeline.tracking.reading.budgets import trained

METRIC = "linear_probe/top1"


def main(database: Path) -> None:
    """Replaces the table."""
    rows = floors(trained(f"sqlite:///{database.resolve()}", METRIC), "the shipped quickstart")
    TABLE.write_text(as_json(sorted(rows, key=lambda row: (row.method, row.data))), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
