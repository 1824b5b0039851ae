"""10,000 trials are read, expanded and identified in the time of a breath."""

import time
from collections import defaultdict

from probeline.experiment import identity
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text

GRID = """\
grid:
  method: [lab.contrast, lab.turn]
  encoder.width: [8, 16, 32, 64]
  training.batch_size: [32, 64, 128, 256, 512]
  training.lr: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
  evaluation.lab.score.k: [1, 5, 10, 20, 50]
when: [{if: {method: lab.turn, training.lr: 0.1}, set: {training.weight_decay: 0.0}}]
seeds: 5
scales: {smoke: {set: {training.epochs: 1}, seeds: 1}}
"""


def test_ten_thousand_trials_take_less_than_one_and_a_half_seconds(base):
    started = time.perf_counter()
    experiment = load_text(base + GRID, "demo.yaml")
    made, notes = identity.trials(cells(experiment), experiment.seeds, defaultdict(lambda: "d1"))
    seconds = time.perf_counter() - started
    print(f"{seconds:.2f} s for {len(made)} trials")
    assert len({trial.id for trial in made}) == 10_000
    assert notes == []
    assert seconds < 1.5
