"""Trials of the shipped experiments keep their ids: what a user has run stays finished."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from probeline.experiment.grid import cells
from probeline.experiment.identity import trials
from probeline.experiment.load import load

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
IDS = json.loads(Path(__file__).with_name("shipped_ids.json").read_text())
"""The ids of each cell's first seed by file and scale, with "d1" in place of every digest of data."""


@pytest.mark.parametrize("name", IDS)
def test_the_ids_of_a_shipped_experiment_stay(name: str) -> None:
    file, scale = name.split(" ")
    experiment = load(EXPERIMENTS / file, scale=None if scale == "-" else scale)
    first, _ = trials(cells(experiment), experiment.seeds[:1], defaultdict(lambda: "d1"))
    assert {trial.cell.label: trial.id for trial in first} == IDS[name]


def test_every_shipped_experiment_is_in_the_list() -> None:
    files = {path.relative_to(EXPERIMENTS).as_posix() for path in EXPERIMENTS.rglob("*.yaml")}
    assert files == {name.split(" ")[0] for name in IDS}
