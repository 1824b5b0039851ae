"""How many updates a method needed until its encoder beat the untrained one, in the trials recorded so far."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from probeline.statistics.intervals import Spread
from probeline.tracking.reading.budgets import Trained

UNTRAINED = "random_init"
TABLE = Path(__file__).with_name("floors.json")
"""What `tests/helpers/floor_table.py` made of the trials of experiments/quickstart.yaml."""

MIN_SEEDS = 2


@dataclass(frozen=True)
class Floor:
    """One method on one data set: its interval against the untrained encoder by number of updates.

    `needed`: the fewest updates from which on every recorded budget beat the untrained encoder, None where none did.
    `stuck`: the most updates that did not, 0 where all did. `source`: where the trials are.
    """

    method: str
    data: str
    encoder: str
    needed: int | None
    stuck: int
    seeds: int
    source: str


def floors(trials: Iterable[Trained], source: str) -> list[Floor]:
    """The floor of each method that has trials of a data set and an encoder whose untrained trials are there too.

    A budget has left the floor where the 95% interval of its paired differences to the untrained encoder is above zero.
    """
    untrained: dict[tuple[str, str], dict[int, float]] = {}
    trained: dict[tuple[str, str, str], dict[int, dict[int, float]]] = {}
    for trial in trials:
        if trial.method == UNTRAINED:
            untrained.setdefault((trial.data, trial.encoder), {})[trial.seed] = trial.value
        elif trial.updates:
            of = trained.setdefault((trial.method, trial.data, trial.encoder), {})
            of.setdefault(trial.updates, {})[trial.seed] = trial.value
    every = ((key, by_updates, untrained.get(key[1:], {})) for key, by_updates in trained.items())
    return [floor for key, by_updates, level in every if (floor := _floor(key, by_updates, level, source)) is not None]


def _floor(
    key: tuple[str, str, str], by_updates: Mapping[int, Mapping[int, float]], level: Mapping[int, float], source: str
) -> Floor | None:
    above: dict[int, bool] = {}
    seeds = 0
    for updates, values in by_updates.items():
        differences = [values[seed] - level[seed] for seed in sorted(values.keys() & level.keys())]
        if len(differences) >= MIN_SEEDS:
            above[updates] = is_above_zero(differences)
            seeds = max(seeds, len(differences))
    if not above:
        return None
    stuck = max((updates for updates, beats in above.items() if not beats), default=0)
    needed = min((updates for updates, beats in above.items() if beats and updates > stuck), default=None)
    return Floor(*key, needed, stuck, seeds, source)


def is_above_zero(differences: Sequence[float]) -> bool:
    """Whether the 95% interval of the mean lies above zero; equal differences of two seeds or more are no evidence."""
    interval = Spread.of(differences, max(map(abs, differences))).estimate(None).interval
    return interval is not None and not math.isnan(interval.low) and interval.low > 0


@cache
def shipped() -> tuple[Floor, ...]:
    """The table that comes with the package."""
    return tuple(Floor(**row) for row in json.loads(TABLE.read_text(encoding="utf-8")))


def as_json(rows: Iterable[Floor]) -> str:
    """Floors as the text of such a table."""
    return "[\n" + ",\n".join(f" {json.dumps(asdict(row))}" for row in rows) + "\n]\n"


def nearest(method: str, data: str, recorded: Sequence[Floor]) -> Floor | None:
    """The recorded floor of a method: on the same data where there is one, else any, and else the shipped one."""
    for rows in (recorded, shipped()):
        of_method = [row for row in rows if row.method == method]
        best = min(of_method, key=lambda row: (row.data != data, row.needed is None, row.needed or 0), default=None)
        if best is not None:
            return best
    return None
