"""A cell that learns from another cell's encoder: its identity, its order, and its mistakes with their lines."""

import pytest
from helpers.hubert_spec import UNITS
from probeline.experiment import identity
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError

ARMS = """\
  second: {method.targets: {encoder: first, layer: 2}}
  first: {}
  third: {method.targets: {encoder: second, layer: 1}}
  pens: {data: svc2004, method: simclr, encoder: tdnn}
  cepstra: {method: random_init, encoder: mfcc}
seeds: 2
"""
SPEC = UNITS + ARMS


class Digests(dict):
    """Content digests of data, all alike."""

    def __missing__(self, key: str) -> str:
        return "d1"


def trials(text: str = SPEC) -> dict[tuple[str, int], identity.Trial]:
    experiment = load_text(text, "units.yaml")
    planned, _ = identity.trials(cells(experiment), experiment.seeds, Digests())
    return {(trial.cell.label, trial.seed): trial for trial in planned}


def refused(*replaced: tuple[str, str]) -> str:
    text = SPEC
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(SpecError) as error:
        load_text(text, "units.yaml")
    return str(error.value)


def test_a_cell_learns_from_the_encoder_of_the_same_seed_and_its_chain_has_an_order() -> None:
    planned = trials()
    for seed in range(2):
        first, second, third = (planned[label, seed] for label in ("first", "second", "third"))
        assert first.teacher is None
        assert second.teacher is not None and second.teacher.encoder_id == first.encoder_id
        assert third.teacher is not None and third.teacher.encoder_id == second.encoder_id
        assert [each.cell.rank for each in (first, second, third)] == [0, 1, 2]
    assert len({trial.encoder_id for trial in planned.values()}) == len(planned)


def test_the_teachers_label_is_in_no_id_and_what_changes_it_changes_the_cell() -> None:
    before = trials()
    renamed = trials(SPEC.replace("encoder: first", "encoder: iteration 1").replace("first: {}", "iteration 1: {}"))
    assert renamed["second", 0].id == before["second", 0].id
    longer = trials(SPEC.replace("first: {}", "first: {training.epochs: 2}"))
    for label in ("second", "third"):
        assert longer[label, 0].encoder_id != before[label, 0].encoder_id


def test_the_teacher_is_built_as_its_own_cell_is() -> None:
    (second,) = (cell for cell in cells(load_text(SPEC, "units.yaml")) if cell.label == "second")
    assert second.recipe.method.parameters["teacher"]["name"] == "wave_transformer"


def test_unknown_cells_circles_layers_and_other_samples_are_refused_with_their_lines() -> None:
    assert "units.yaml:9 " in refused(("encoder: first", "encoder: frist"))
    assert "neither a cell of this experiment nor a trial's id; cells: did you mean 'first'?" in refused(
        ("encoder: first", "encoder: frist")
    )
    circle = refused(("first: {}", "first: {method.targets: {encoder: third}}"))
    assert "units.yaml:10 " in circle and "goes in a circle: first -> third -> second -> first" in circle
    assert "goes in a circle: second -> second" in refused(("encoder: first", "encoder: second"))
    assert "got 3; wave_transformer of cell 'first' has layers 0 to 2" in refused(("layer: 2", "layer: 3"))
    assert "units.yaml:9 " in refused(("layer: 2", "layer: -1"))
    pens = refused(("encoder: first", "encoder: pens"))
    assert "cell 'pens' is for samples of another kind (series); those of this cell are waveform" in pens
    assert "got 2; mfcc of cell 'cepstra' has layers 0 to 0" in refused(("encoder: first", "encoder: cepstra"))


def test_a_layer_or_another_teacher_beside_targets_is_refused() -> None:
    both = refused(("second: {", "second: {method.layer: 1, "))
    assert "layer is 1 beside targets: give targets.layer" in both
    named = refused(("second: {", "second: {method.teacher: log_mel, "))
    assert "targets names the encoder already; give one of both" in named


def test_an_experiment_that_tunes_has_no_such_cells() -> None:
    tune = "tune: {metric: linear_probe/validation_top1, trials: 2, space: {training.lr: {choice: [0.1, 0.2]}}}\n"
    assert "give the tuning a file of its own" in refused(("seeds: 2\n", f"seeds: 2\n{tune}"))
