"""Cells in MLflow's own pages: mean and deviation of each on the parent run, and a view of the runs grouped by cell.

The view is what MLflow stores where somebody shares one: a tag of the experiment whose value is the state of its page.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from probeline.tracking.server.location import TRAINING
from probeline.tracking.server.mlflow_names import LONGEST_KEY

SHARE_KEY = "probeline-cells"
VIEW_TAG = f"mlflow.sharedViewState.{SHARE_KEY}"
CELL = "probeline.cell"
MAX_CELLS = 40
"""Cells whose numbers stand on the parent run: its page lists every one."""


@dataclass(frozen=True)
class CellNumbers:
    """One cell's metric over its finished seeds; `deviation` is that of the sample, None below two seeds."""

    mean: float
    deviation: float | None
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "CellNumbers":
        """The numbers of these values, one a seed. Raises StatisticsError where there is none."""
        return cls(fmean(values), stdev(values) if len(values) > 1 else None, len(values))


@dataclass(frozen=True)
class CellAggregates:
    """A metric by cell, in the plan's order."""

    metric: str
    cells: Mapping[str, CellNumbers]


def run_metrics(of: CellAggregates) -> dict[str, float]:
    """`<metric>/mean/<cell>`, `/std/` and `/n/` as MLflow takes them, of the first MAX_CELLS cells."""
    values: dict[str, float] = {}
    for label, numbers in list(of.cells.items())[:MAX_CELLS]:
        named = {"mean": numbers.mean, "std": numbers.deviation, "n": float(numbers.n)}
        values |= {_key(of.metric, what, label): value for what, value in named.items() if value is not None}
    return values


def view_state(metric: str) -> str:
    """The state of MLflow's page of runs: trials alone, grouped by cell, the metric's mean as a column."""
    state = {
        "searchFilter": "tags.`probeline.kind` = 'trial'",
        "groupBy": {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": CELL}]},
        "selectedColumns": [f"metrics.`{metric}`", "attributes.`Duration`"],
        "useGroupedValuesInCharts": True,
    }
    return json.dumps(state)


def address(experiment_id: str) -> str:
    """Where MLflow shows that view, below its own address."""
    return f"#/experiments/{experiment_id}/runs{TRAINING}&viewStateShareKey={SHARE_KEY}"


def _key(metric: str, what: str, label: str) -> str:
    """MLflow takes letters, digits and `_-./: ` in a name: `=` becomes a colon, anything else a blank."""
    name = re.sub(r"[^/\w.\- :]", " ", f"{metric}/{what}/{label.replace('=', ':')}")
    return re.sub(r"/(?=/)|/$", "", " ".join(name.split()))[:LONGEST_KEY]
