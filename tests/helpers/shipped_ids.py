"""Ids of the trials of the shipped experiments: `python tests/helpers/shipped_ids.py` adds those of new experiments.

A list that is there is never written again: what users have run keeps its id.
"""

import json
from collections import defaultdict
from pathlib import Path

from probeline.experiment.collection_file import is_collection
from probeline.experiment.grid import cells
from probeline.experiment.identity import trials
from probeline.experiment.load import load

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "experiments"
LISTS = ROOT / "tests" / "experiment" / "shipped_ids"


def shipped_experiments() -> list[Path]:
    """The files of the shipped experiments, without collections, which have no recipe, and files to extend."""
    paths = [path for path in sorted(EXPERIMENTS.rglob("*.yaml")) if path.parent.name != "bases"]
    return [path for path in paths if not is_collection(path)]


def shipped_collections() -> list[Path]:
    """The files of the shipped collections."""
    return [path for path in sorted(EXPERIMENTS.rglob("*.yaml")) if is_collection(path)]


def first_seed(file: str, scale: str) -> dict[str, str]:
    """The id of each cell's first seed by the cell's label, with "d1" in place of every digest of data."""
    experiment = load(EXPERIMENTS / file, scale=None if scale == "-" else scale)
    first, _ = trials(cells(experiment), experiment.seeds[:1], defaultdict(lambda: "d1"))
    return {trial.cell.label: trial.id for trial in first}


def committed() -> dict[str, dict[str, dict[str, str]]]:
    """Ids by cell, by scale ("-" without one), by the file below experiments/."""
    return {
        path.relative_to(LISTS).with_suffix(".yaml").as_posix(): json.loads(path.read_text())
        for path in sorted(LISTS.rglob("*.json"))
    }


def add(file: str) -> None:
    """Writes the ids of an experiment at each of its scales."""
    path = (LISTS / file).with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    by_scale = {scale: first_seed(file, scale) for scale in ["-", *load(EXPERIMENTS / file).scales]}
    path.write_text(json.dumps(by_scale, indent=1) + "\n")


if __name__ == "__main__":
    for path in shipped_experiments():
        if (name := path.relative_to(EXPERIMENTS).as_posix()) not in committed():
            add(name)
            print(f"added {name}")
