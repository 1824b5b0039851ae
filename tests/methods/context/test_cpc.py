import math

import pytest
import torch
from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.data.images.augment.settings import Augment
from probeline.errors import BadData, UserError
from probeline.methods.context.cpc import CPC, Config
from probeline.models.build import build_encoder

PLAIN = Augment(crop_scale=(1, 1), crop_ratio=(0.1, 10), flip=0, jitter=0, grey=0)


def method(shape=(32, 32, 3), **settings):
    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 2}, image(*shape))
    settings = {"context": 8, "layers": 2, "augment": PLAIN} | settings
    return CPC(Config(**settings), encoder, DatasetInfo("-", 8, 1, 1, (), image(*shape))).eval()


def views(made, images):
    index = torch.arange(len(images))
    return made.views(Batch(images, index, index), SampleRNG(0, 0, index))


def test_the_grid_is_the_papers_at_every_size():
    for side in (16, 32, 64, 256):
        made = method((side, side, 3))
        assert (made.grid, made.patch, made.stride, len(made.steps)) == ((7, 7), side // 4, side // 8, 5)


def test_patches_lie_where_the_grid_says():
    made, images = method(), torch.rand(2, 3, 32, 32)
    patches = views(made, images).inputs.unflatten(0, (7, 7, 2))
    torch.testing.assert_close(patches[2, 5, 1], images[1, :, 8:16, 20:28])


def test_a_prediction_depends_on_the_rows_above_alone():
    """The gradient of the context at row r reaches patches of rows 0 to r and none below."""
    made = method()
    inputs = views(made, torch.rand(1, 3, 32, 32)).inputs.requires_grad_()
    context = made(Views(inputs)).extra["context"]
    for row in (0, 3, 6):
        (slope,) = torch.autograd.grad(context[:, :, row].sum(), inputs, retain_graph=True)
        reached = slope.abs().flatten(1).sum(1).view(7, 7).sum(1)
        assert (reached[row + 1 :] == 0).all()
        assert reached[row] > 0


def test_the_context_looks_up_as_many_rows_as_it_has_layers():
    made = method(layers=3)
    inputs = views(made, torch.rand(1, 3, 32, 32)).inputs.requires_grad_()
    (slope,) = torch.autograd.grad(made(Views(inputs)).extra["context"][:, :, 5, 3].sum(), inputs)
    reached = slope.abs().flatten(1).sum(1).view(7, 7).sum(1) > 0
    assert reached.tolist() == [False, False, True, True, True, True, False]


def test_where_nothing_is_known_the_loss_is_log_n():
    made = method()
    for predictor in made.predictors:
        torch.nn.init.zeros_(predictor.weight)
    batch = views(made, torch.rand(4, 3, 32, 32))
    terms = made.loss(made(batch), batch)
    # a row whose own patch is among the candidates has one fewer, so the mean lies a little lower
    assert math.log(4 * 8) < terms["log_n"] < math.log(1 + 4 * 8)
    torch.testing.assert_close(terms["loss"], terms["log_n"])
    torch.testing.assert_close(terms["information"], terms["log_n"] - terms["loss"])


def test_of_all_patches_as_candidates_the_positive_is_counted_once():
    made = method(negatives=None)
    batch = views(made, torch.rand(4, 3, 32, 32))
    assert made.loss(made(batch), batch)["log_n"].item() == pytest.approx(math.log(4 * 49))


def test_the_information_cannot_pass_log_n_even_where_all_is_known():
    made = method(steps=1, negatives=None)
    z = torch.randn(3, 16, 7, 7)
    made.predictors[0] = torch.nn.Conv2d(16, 16, 1, bias=False)
    made.predictors[0].weight.data = 400 * torch.eye(16)[:, :, None, None]
    context = torch.nn.functional.normalize(torch.cat([z[:, :, 1:], z[:, :, :1]], dim=2), dim=1)
    z = torch.nn.functional.normalize(z, dim=1)
    places = torch.arange(49).expand(3, 49)
    terms = made.loss(Outputs(z, z, {"context": context}), Views(z, places))
    assert terms["top1"] == 1
    assert terms["loss"] < 1e-3
    assert terms["information"] == pytest.approx(math.log(3 * 49), abs=1e-3)


def test_the_loss_is_that_of_a_loop_over_all_candidates():
    made = method(steps=2, negatives=3, first_step=2)
    batch = views(made, torch.rand(3, 3, 32, 32))
    outputs = made(batch)
    z, losses = outputs.z, []
    for step, predictor in zip((2, 3), made.predictors, strict=True):
        rows = []
        guess = predictor(outputs.extra["context"])
        for picture in range(3):
            for row in range(7 - step):
                for column in range(7):
                    here = (row + step) * 7 + column
                    scores = [guess[picture, :, row, column] @ z[picture, :, row + step, column]]
                    for other in range(3):
                        for place in batch.targets[other].tolist():
                            if (other, place) != (picture, here):
                                scores.append(guess[picture, :, row, column] @ z[other].flatten(1)[:, place])
                    scores = torch.stack(scores) / z.shape[1] ** 0.5
                    rows.append(scores.logsumexp(0) - scores[0])
        losses.append(torch.stack(rows).mean())
    torch.testing.assert_close(made.loss(outputs, batch)["loss"], torch.stack(losses).mean())


def test_images_too_small_for_a_grid_are_refused_and_grey_oblong_ones_work():
    with pytest.raises(BadData, match="16 pixels or more"):
        method((12, 12, 3))
    with pytest.raises(BadData, match=r"set method\.patch"):
        method(patch=32)
    with pytest.raises(UserError, match=r"method\.steps: got 9"):
        method(steps=9)
    made = method((28, 33, 1))
    batch = views(made, torch.rand(2, 1, 28, 33))
    assert torch.isfinite(made.loss(made(batch), batch)["loss"])
