"""Tuned cells in the language: mistakes with their lines, seeds, and ids of studies and their trials."""

import pytest
from probeline.experiment import identity, tuned
from probeline.experiment.grid import expand
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError
from probeline.experiment.tuning import FIRST_SEED

TEXT = """\
name: tuned
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 2, batch_size: 64, lr: 0.1}
  evaluation: [linear_probe, knn]
grid:
  training.batch_size: [32, 64]
tune:
  space:
    training.lr: {log_uniform: [0.01, 1.0]}
    training.optimizer: {choice: [sgd, adamw]}
  trials: 3
seeds: 2
scales:
  smoke: {tune: {trials: 2}}
"""


def studies(text: str = TEXT, **options):
    experiment = load_text(text, "t.yaml", **options)
    expansion = expand(experiment)
    digests = {identity.data_key(cell.recipe): "digest" for cell in expansion.cells}
    return tuned.studies(experiment, expansion, digests)


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("[0.01, 1.0]", "[1.0, 0.01]", r"t\.yaml:12 tune\.space\.training\.lr: .*the lower end first"),
        ("[0.01, 1.0]", "[0, 1.0]", r"t\.yaml:12 tune\.space\.training\.lr: .*ends above 0"),
        ("[0.01, 1.0]", "[0.01, 1.0], choice: [1]", r"t\.yaml:12 .*got 2 forms; allowed: one of"),
        ("log_uniform", "loguniform", r"t\.yaml:12 .*did you mean 'log_uniform'"),
        ("training.lr", "training.lrr", r"t\.yaml:12 .*did you mean 'lr'"),
        ("training.lr:", "data.train_size:", r"t\.yaml:12 .*cannot be tuned; allowed: encoder, method, training"),
        ("training.lr:", "training.batch_size:", r"t\.yaml:12 .*is an axis already"),
        ("[sgd, adamw]", "[sgd, adam]", r"t\.yaml:13 .*got 'adam'.*did you mean 'adamw'"),
        ("trials: 3", "trials: 0", r"t\.yaml:14 tune\.trials: got 0"),
        ("trials: 3", "trials: 3\n  metric: linear_probe/top1", r"t\.yaml:15 .*test data choose nothing"),
        ("trials: 3", "trials: 3\n  metric: retrieval/validation_x", r"t\.yaml:15 .*is not evaluated"),
        ("trials: 3", "trials: 3\n  sampler: grid", r"t\.yaml:\d+ tune: sampler grid: training\.lr has no list"),
        ("trials: 3", "trials: 3\n  if: {method: rotation}", r"t\.yaml:15 tune\.if: .*matches no cell"),
    ],
)
def test_a_mistake_is_told_at_its_line(written, instead, said):
    assert written in TEXT
    with pytest.raises(SpecError, match=said):
        load_text(TEXT.replace(written, instead), "t.yaml")


def test_tuning_has_seeds_of_its_own():
    experiment = load_text(TEXT, "t.yaml")
    assert not set(experiment.tune.seeds) & set(experiment.seeds)
    assert load_text(TEXT.replace("trials: 3", "seeds: 2"), "t").tune.seeds == (FIRST_SEED, FIRST_SEED + 1)


def test_a_scale_and_set_change_the_number_of_trials():
    assert load_text(TEXT, "t.yaml", "smoke").tune.trials == 2
    assert load_text(TEXT, "t.yaml", "smoke", ["tune.trials=7"]).tune.trials == 7
    with pytest.raises(SpecError, match=r"--set tune.trials=0: .*at least 1"):
        load_text(TEXT, "t.yaml", None, ["tune.trials=0"])


def test_a_study_is_known_by_its_search_and_its_cell_whatever_the_base_says_of_tuned_keys():
    ids = [study.id for study in studies().values()]
    assert len(set(ids)) == 2
    assert [study.id for study in studies(TEXT.replace("lr: 0.1", "lr: 0.3")).values()] == ids
    assert [study.id for study in studies(TEXT.replace("trials: 3", "trials: 9")).values()] == ids
    assert [study.id for study in studies(TEXT.replace("1.0]", "2.0]")).values()] != ids
    assert [study.id for study in studies(TEXT.replace("epochs: 2", "epochs: 3")).values()] != ids


def test_a_winner_is_an_ordinary_trial_and_a_tuning_trial_is_not():
    study = studies()["batch_size=64"]
    values = {"training.lr": 0.25, "training.optimizer": "adamw"}
    plain = TEXT.replace("lr: 0.1", "lr: 0.25, optimizer: adamw")
    cell = next(cell for cell in expand(load_text(plain, "t.yaml")).cells if cell.label == "batch_size=64")
    ordinary = identity.trial(cell, 1, study.digests)
    assert (study.winner(values, 1).id, study.winner(values, 1).judged_on) == (ordinary.id, "test")
    tuning = study.tuning_trial(values, 1)
    assert tuning.encoder_id == ordinary.encoder_id
    assert tuning.id != ordinary.id
    assert tuning.judged_on == "validation"
    assert list(tuning.cell.recipe.protocols) == ["linear_probe"]
    assert study.waiting(1).id not in (ordinary.id, tuning.id, study.waiting(0).id)
