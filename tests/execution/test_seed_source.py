"""Waves of seeds without Ray: a scheduler, a source, and trials that end in any order, or not at all."""

import random

import numpy as np
import pytest
from probeline.core.events import Record
from probeline.execution.planning.seed_waves import SeedWaves
from probeline.execution.ray.scheduler import NO_LIMIT, Scheduler
from probeline.execution.seed_source import SeedSource
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text
from probeline.experiment.trial import Trial

METRIC = "linear_probe/top1"
EXPERIMENT = load_text(
    """
name: waves
base: {data: digits, encoder: convnet, method: simclr, training: {epochs: 1}}
grid: {method: [simclr, rotation, supervised]}
arms: {random_init: {method: random_init}}
seeds: {until: decided, compare: [[simclr, random_init], [rotation, random_init]], smallest: 0.01, most: 12}
""",
    "waves.yaml",
)
CELLS = cells(EXPERIMENT)
TRIALS = tuple(Trial(f"{cell.label}-{seed}", "", cell, seed) for seed in range(12) for cell in CELLS)
PAIRS = (("simclr", "random_init"), ("rotation", "random_init"))


@pytest.fixture
def values():
    rng = np.random.default_rng(3)
    means = {"simclr": 0.8, "rotation": 0.61, "supervised": 0.9, "random_init": 0.6}
    return {trial.id: means[trial.cell.label] + 0.02 * rng.normal() for trial in TRIALS}


def waves_of(done):
    outcomes = {}
    for trial in TRIALS:
        if trial.id in done:
            outcomes.setdefault(trial.cell.label, {})[trial.seed] = done[trial.id]
    return SeedWaves(EXPERIMENT.until_decided, METRIC, PAIRS, TRIALS, outcomes)


def run(values, done, order=0, stop_after=None):
    """Runs what is wanted, four trials at once, ending in a random order; `done` gets what has finished."""
    waves, shuffle = waves_of(done), random.Random(order)
    wave = waves.wave()
    source = SeedSource(waves, wave)
    scheduler = Scheduler([trial for trial in wave if trial.id not in done], NO_LIMIT, source=source)
    running, ended = [], 0
    while True:
        while len(running) < 4 and (trial := scheduler.next()) is not None:
            running.append(trial)
        if not running or ended == stop_after:
            return source.waves
        trial = running.pop(shuffle.randrange(len(running)))
        source.heard(trial, [Record(METRIC, values[trial.id])])
        scheduler.finished(trial)
        done[trial.id], ended = values[trial.id], ended + 1


def test_a_clear_comparison_stops_and_the_other_goes_on(values):
    done = {}
    waves = run(values, done)
    clear, close = waves.states()
    assert clear.over and close.over and clear.seeds < close.seeds
    assert waves.lines()[0] == f"simclr against random_init: stopped after {clear.seeds} seeds: decided (higher)"
    seeds = {
        label: sum(each.startswith(f"{label}-") for each in done) for label in ("simclr", "rotation", "supervised")
    }
    assert seeds == {"simclr": clear.seeds, "rotation": close.seeds, "supervised": 3}


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_order_in_which_trials_end_decides_nothing(values, order):
    first, second = {}, {}
    assert run(values, first).lines() == run(values, second, order).lines()
    assert first == second


@pytest.mark.parametrize("stop_after", [1, 9, 14, 20])
def test_a_run_that_is_killed_between_waves_comes_to_the_same_decision(values, stop_after):
    whole, pieces = {}, {}
    run(values, pieces, 1, stop_after)
    assert len(pieces) == stop_after
    assert run(values, pieces, 2).lines() == run(values, whole).lines()
    assert pieces == whole


def test_a_diverged_seed_uses_one_of_the_seeds_and_is_in_no_difference():
    source = SeedSource(waves_of({}), waves_of({}).wave())
    for trial in TRIALS[: 3 * len(CELLS)]:
        if (trial.cell.label, trial.seed) == ("simclr", 1):
            source.ended(trial, "diverged")
        else:
            source.heard(trial, [Record(METRIC, 0.5)])
            source.ended(trial, None)
    assert source.waves.states()[0].seeds == 3 and source.waves.states()[0].decision.n == 2
    assert {trial.seed for trial in source.waiting} == {3}


def test_a_failure_that_the_next_run_tries_again_is_waited_for():
    source = SeedSource(waves_of({}), waves_of({}).wave())
    source.ended(TRIALS[0], "lost_worker")
    source.ended(TRIALS[1], "stopped")
    assert source.next() is None and source.waves.outcomes == {}
