import numpy as np
import pytest
import torch
from helpers.datasets import dataset_of
from helpers.tiny_methods import batch, encoder, facts, tensor, trained_step, views
from probeline.core.batch import Outputs, Views
from probeline.core.dataset import Split
from probeline.experiment.schema import Training
from probeline.methods.distillation.byol import BYOL, Config
from probeline.training.checkpoints import Checkpoint
from probeline.training.loop import Loop

CONFIG = Config(projector_dim=4, hidden_dim=7, momentum=0.9)


def outputs(predicted, target):
    return Outputs(h=predicted, z=predicted, extra={"predicted": predicted, "target": target})


def test_its_loss_is_four_times_lightlys_negative_cosine_plus_four():
    """Eq. 2 is 2 - 2 cos, for each of the two views; lightly's example takes the mean of minus cos."""
    loss = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed").NegativeCosineSimilarity()
    predicted, target = tensor(8, 4), tensor(8, 4, seed=1)
    (pa, pb), (ta, tb) = predicted.chunk(2), target.chunk(2)
    ours = BYOL(CONFIG, encoder(), facts()).loss(outputs(predicted, target), Views(predicted))["loss"]
    torch.testing.assert_close(ours, 4 + 4 * 0.5 * (loss(pa, tb) + loss(pb, ta)), atol=1e-5, rtol=1e-6)


def test_its_loss_is_the_squared_distance_of_unit_vectors_by_hand():
    predicted = torch.tensor([[1.0, 0.0], [0.0, 3.0]])
    target = torch.tensor([[0.0, 2.0], [5.0, 0.0]])
    method = BYOL(CONFIG, encoder(), facts())
    assert method.loss(outputs(predicted, target), Views(predicted))["loss"].item() == pytest.approx(0)
    assert method.loss(outputs(predicted, -target), Views(predicted))["loss"].item() == pytest.approx(8)


def test_the_target_starts_equal_and_has_no_gradient():
    method = BYOL(CONFIG, encoder(), facts())
    made = method(views(method, batch()))
    torch.testing.assert_close(made.extra["target"], made.z)
    assert not made.extra["target"].requires_grad
    assert not any(weight.requires_grad for weight in method.target_encoder.parameters())


def test_after_a_step_the_target_has_moved_a_tenth_of_the_way():
    method = BYOL(CONFIG, encoder(), facts())
    before = method.target_encoder.linear.weight.clone()
    trained_step(method, batch())
    now = method.encoder.linear.weight
    assert not torch.equal(now, before)
    torch.testing.assert_close(method.target_encoder.linear.weight, 0.9 * before + 0.1 * now)


def test_at_the_last_step_of_a_training_the_target_stands_still():
    method = BYOL(CONFIG, encoder(), facts())
    method.planned_steps = 1
    trained_step(method, batch())
    before = method.target_encoder.linear.weight.clone()
    trained_step(method, batch(seed=1))
    torch.testing.assert_close(method.target_encoder.linear.weight, before)


def test_the_loop_says_how_long_the_momentum_has_to_rise(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 3), dtype=np.uint8)
    part = Split(pixels, np.full(16, -1))
    method = BYOL(CONFIG, encoder(), facts(train_size=16, classes=()))
    training = Training(epochs=2, batch_size=4, lr=0.1)
    loop = Loop(method, dataset_of(part, part, part), training, 0, torch.device("cpu"))
    records = list(loop.run(Checkpoint(tmp_path / "checkpoint")))
    assert (method.planned_steps, int(method.step)) == (8, 8)
    assert all(np.isfinite(record.value) for record in records)
