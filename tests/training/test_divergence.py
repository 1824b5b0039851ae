"""A diverged step is found again, kept, and gives the same numbers when it is run once more."""

import json

import pytest
from helpers.json_shapes import check, shape_of
from helpers.training_loops import trainer
from probeline.data.store import facts
from probeline.errors import Diverged, UserError
from probeline.experiment.grid import cells
from probeline.experiment.identity import data_key, trial
from probeline.experiment.load import load_text
from probeline.training import step_replay
from probeline.training.checkpoints import NoCheckpoint
from probeline.training.divergence import _first_diverged
from probeline.training.trial import run
from probeline.training.trial_storage import Storage

SPEC = """
name: too_fast
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: convnet
  method: {name: simclr, augment: {flip: 0}}
  training: {epochs: 2, batch_size: 64, lr: 1.0e+15}
  evaluation: linear_probe
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    (cell,) = cells(load_text(SPEC, "too_fast.yaml"))
    one = trial(cell, 0, {data_key(cell.recipe): facts(cell.recipe.data.as_dict()).digest})
    artifacts = {}
    with pytest.raises(Diverged, match="the loss is not finite at epoch 1"):
        for event in run(one, Storage(tmp_path_factory.mktemp("storage"))):
            artifacts[event.name] = event.path.read_bytes()
    return json.loads(artifacts["diverged/step.json"]), artifacts["diverged/state.safetensors"]


def test_it_is_the_first_step_whose_loss_or_weights_are_not_finite(kept):
    step, _ = kept
    assert (step["epoch"], step["steps"], len(step["index"])) == (0, 3, 64)
    assert step["recipe"]["training"]["lr"] == 1e15 and step["draws"].keys() == {"order", "views", "noise"}


def test_run_again_it_has_the_recorded_numbers_and_names_the_first_tensor(kept):
    again = step_replay.replay(*kept)
    assert again.same_inputs and {name: repr(value) for name, value in again.terms.items()} == kept[0]["terms"]
    assert again.first is not None and again.first.startswith(("output of", "after the step"))
    shown = step_replay.text(again)
    assert "inputs are the recorded ones to the bit" in shown and "gradient norm" in shown
    check(shape_of("replay"), json.loads(json.dumps(step_replay.as_dict(again), allow_nan=False)))


def test_other_samples_than_the_recorded_ones_are_refused(kept):
    step, state = kept
    with pytest.raises(UserError, match="gives other samples at this step now"):
        step_replay.replay(step | {"index": step["index"][::-1]}, state)


def test_a_step_after_the_end_of_an_epoch_is_found_from_a_state_of_an_epoch_before():
    trained = trainer(epochs=30, lr=0.1, batch_size=8)  # 5 steps an epoch, so that the state is that of its beginning
    loss = trained.method.loss

    def breaks_in_the_seventh_epoch(outputs, views):
        terms = loss(outputs, views)
        return {**terms, "loss": terms["loss"] * (float("inf") if trained.progress.epoch == 6 else 1.0)}

    trained.method.loss = breaks_in_the_seventh_epoch
    with pytest.raises(Diverged):
        list(trained.run(NoCheckpoint()))
    assert trained.last_finite.state[1:] == (0, 0)
    _, batch, terms = _first_diverged(trained)
    assert (trained.progress.epoch, trained.progress.step, len(batch)) == (6, 0, 8)
    assert terms["train/loss"] == float("inf")
