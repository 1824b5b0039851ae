"""Work that grows with the distinct parts of an experiment, not with its cells or with rules times cells."""

from collections import defaultdict

import pytest
from probeline.experiment import conditions, identity, recipe
from probeline.experiment.grid import cells, expand
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
"""


@pytest.fixture
def calls(monkeypatch):
    """How often sections were resolved, and conditions compared with a cell."""
    counts = defaultdict(int)

    def counted(module, name):
        function = getattr(module, name)

        def call(*args):
            counts[name] += 1
            return function(*args)

        monkeypatch.setattr(module, name, call)

    counted(recipe, "resolve_section")
    counted(conditions, "matches")
    return counts


def test_ten_thousand_trials_resolve_each_distinct_section_once(base, calls):
    experiment = load_text(base + GRID, "demo.yaml")
    planned, notes = identity.trials(cells(experiment), experiment.seeds, defaultdict(lambda: "d1"))
    assert len({trial.id for trial in planned}) == 10_000
    assert notes == []
    data, methods, widths, trainings, ruled, scores = 1, 2, 4, 50, 5, 5
    assert calls["resolve_section"] == data + methods + widths + trainings + ruled + scores


def test_an_expansion_is_made_once(base, calls):
    experiment = load_text(base + GRID, "demo.yaml")
    before = calls["resolve_section"]
    assert expand(experiment) is expand(experiment)
    assert len(cells(experiment)) == 2_000
    assert calls["resolve_section"] == before


@pytest.mark.parametrize(
    "conditions_text",
    [
        "exclude: [{rules}]\n",
        "when: [{rules}]\n",
    ],
)
def test_rules_are_compared_only_with_cells_that_have_their_rarest_value(base, calls, conditions_text):
    rates = [round(0.001 * (i + 1), 3) for i in range(300)]
    plain = [f"{{method: lab.contrast, training.lr: {rate}}}" for rate in rates[:200]]
    rules = [f"{{if: {rule}, set: {{training.epochs: 3}}}}" if "when" in conditions_text else rule for rule in plain]
    grid = f"grid: {{training.lr: {rates}, method: [lab.contrast, lab.turn]}}\n"
    experiment = load_text(base + grid + conditions_text.replace("{rules}", ", ".join(rules)), "demo.yaml")
    assert len(cells(experiment)) == (400 if "exclude" in conditions_text else 600)
    assert calls["matches"] <= 2 * 200
