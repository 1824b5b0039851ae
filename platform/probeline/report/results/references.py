"""Published results with their sources: what papers print, read from the CSV files beside this one.

`published/<paper>.csv` holds a row a value: id, where it is printed, task, data set, value, source and `confidence`,
the probability that the value is what the paper prints. `sources.csv` says what each source is.
"""

import csv
import difflib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from probeline.errors import UserError
from probeline.experiment.references import References

FOLDER = Path(__file__).parent / "published"
SURE = 0.9  # below, a value is shown as recalled


@dataclass(frozen=True)
class Published:
    """One published value. `value` is in `unit`; `setup` is what the paper varied and fixed."""

    id: str
    paper: str
    table: str
    task: str
    dataset: str
    metric: str
    unit: str
    value: float
    source: str
    confidence: float
    setup: dict[str, Any]

    @property
    def fraction(self) -> float:
        """The value as this project stores it: percent as a fraction of 1."""
        return self.value / 100 if self.unit == "percent" else self.value

    @property
    def recalled(self) -> bool:
        """Whether the value is not sure enough to be shown without saying so."""
        return self.confidence < SURE

    def words(self) -> list[str]:
        """Where it is from, a line each: paper and table, data set, source and confidence."""
        sure = f"confidence {self.confidence:.2f}{', recalled' if self.recalled else ''}"
        return [
            f"{self.paper}, {self.table}",
            f"{self.task}, {self.dataset}",
            f"source: {sources()[self.source]}",
            sure,
        ]


def published(prefix: str) -> list[Published]:
    """The values whose ids begin with `prefix`, whole words of it, in the paper's order. Raises UserError for none."""
    paper = prefix.partition(".")[0]
    matches = [one for one in _of(paper) if one.id == prefix or one.id.startswith(f"{prefix}.")]
    if not matches:
        raise UserError(f"report.references: no published value begins with {prefix!r}; {_hint(prefix)}")
    return matches


def chosen(references: References) -> list[Published]:
    """The values that an experiment asks for, each once. Raises UserError where a prefix or `only` matches none."""
    by_id = {one.id: one for prefix in references.ids for one in published(prefix)}
    selected = [one for one in by_id.values() if all(_same(one.setup.get(k), v) for k, v in references.only.items())]
    if not selected:
        raise UserError(f"report.references: none of {', '.join(references.ids)} matches only: {references.only}")
    return selected


def papers() -> dict[str, str]:
    """The first word of ids -> the paper."""
    return {row["paper"]: row["title"] for row in _rows("papers")}


@cache
def sources() -> dict[str, str]:
    """Source -> what it is."""
    return {row["source"]: f"{row['text']} ({row['kind']})" for row in _rows("sources")}


def groups() -> list[str]:
    """The first two words of all ids: `simclr.fig9`, `simclr.table5`..."""
    return list(dict.fromkeys(".".join(one.id.split(".")[:2]) for paper in papers() for one in _of(paper)))


@cache
def _of(paper: str) -> list[Published]:
    if paper not in papers():
        return []
    title = papers()[paper]
    return [
        Published(
            row["id"], title, row["table"], row["task"], row["dataset"], row["metric"], row["unit"],
            float(row["value"]), row["source"], float(row["confidence"]), json.loads(row["setup"]),
        )
        for row in _rows(paper)
    ]  # fmt: skip


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _hint(prefix: str) -> str:
    ids = groups()
    near = difflib.get_close_matches(prefix, ids, 1)
    return f"did you mean {near[0]!r}?" if near else f"papers: {', '.join(papers())}"


def _same(a: Any, b: Any) -> bool:
    return a == b or str(a) == str(b)
