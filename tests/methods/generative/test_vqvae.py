import math

import pytest
import torch
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.methods.generative.vqvae import VQVAE, Config
from probeline.models.build import build_encoder


def method(shape=(16, 16, 3), **settings):
    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 2}, image(*shape))
    config = Config(**({"codes": 8, "code_dim": 4, "decoder_width": 4} | settings))
    return VQVAE(config, encoder, DatasetInfo("-", 8, 1, 1, (), image(*shape))).eval()


def views(made, count=3):
    channels, height, width = made.body.shape
    images = torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(0))
    index = torch.arange(count)
    return made.views(Batch(images, index, index), SampleRNG(0, 0, index))


def test_the_gradient_goes_straight_through_to_what_was_quantised():
    made = method()
    vectors = torch.randn(2, 4, 4, 4, requires_grad=True)
    quantised = made.body.quantise(vectors)
    torch.testing.assert_close(quantised, made.body.codebook(made.body.codebook.nearest(vectors)))
    weight = torch.randn_like(quantised)
    (slope,) = torch.autograd.grad((quantised * weight).sum(), vectors)
    torch.testing.assert_close(slope, weight)


def test_its_loss_is_equation_3_in_bits_per_dim():
    made = method(beta=0.7)
    seen = views(made)
    outputs = made(seen)
    terms = made.loss(outputs, seen)
    z = outputs.z
    codes = made.body.codebook(made.body.codebook.nearest(z))
    likely = made.body.decode(codes).log_probability(seen.inputs).mean()
    apart = (z - codes).square().flatten(1).sum(1).mean()
    bit = 16 * 16 * 3 * math.log(2)
    torch.testing.assert_close(terms["loss"], (1.7 * apart - likely) / bit)
    torch.testing.assert_close(terms["bits_per_dim"], (16 * math.log(8) - likely) / bit)


def test_each_term_reaches_only_what_it_should():
    made = method(beta=0.0)
    seen = views(made)
    made.loss(made(seen), seen)["loss"].backward()
    used = made.body.codebook.nearest(made(seen).z).unique()
    moved = made.body.codebook.weight.grad.abs().sum(1) > 0
    assert moved.nonzero().flatten().tolist() == used.tolist()
    assert sum(p.grad.abs().sum() for p in made.encoder.parameters()) > 0  # by reconstruction, straight through


def test_with_moving_averages_the_codebook_learns_after_the_step_and_by_no_gradient():
    made = method(codebook="ema", decay=0.5)
    seen = views(made)
    outputs, before = made(seen), made.body.codebook.weight.clone()
    made.loss(outputs, seen)["loss"].backward()
    assert made.body.codebook.weight.grad is None
    gap = made.loss(outputs, seen)["commitment"]
    made.after_step(outputs, seen)
    assert not torch.equal(before, made.body.codebook.weight)
    assert made.loss(outputs, seen)["commitment"] < gap


def test_without_them_a_step_leaves_the_codebook_to_its_gradient():
    made = method()
    seen = views(made)
    before = made.body.codebook.weight.clone()
    made.after_step(made(seen), seen)
    assert torch.equal(before, made.body.codebook.weight)


def test_the_bound_counts_the_codes_at_log_k_each():
    made = method()
    images = views(made).inputs
    bound = made.log_weights(images, SampleRNG(0, 0, torch.arange(3)), 7)
    assert bound.shape == (1, 3)
    index = made.body.index(made.encoder, images)
    expected = made.body.pixels(index).log_probability(images) - 16 * math.log(8)
    torch.testing.assert_close(bound[0], expected)


@pytest.mark.parametrize(
    ("shape", "grid"), [((32, 32, 3), (8, 8)), ((28, 28, 1), (8, 8)), ((64, 64, 3), (16, 16)), ((17, 30, 3), (6, 8))]
)
def test_the_codes_lie_on_about_the_papers_grid_at_every_size(shape, grid):
    made = method(shape)
    assert made.body.grid == grid
    images = views(made).inputs
    assert made.reconstruct(images).shape == images.shape
    assert made.sample(SampleRNG(0, 0, torch.arange(2))).shape[1:] == images.shape[1:]


def test_by_their_mean_its_codebook_terms_weigh_as_many_times_less_as_there_are_positions():
    by = {reduction: method(reduction=reduction, beta=0.7) for reduction in ("sum", "mean")}
    terms = {reduction: made.loss(made(seen := views(made)), seen) for reduction, made in by.items()}
    torch.testing.assert_close(terms["sum"]["reconstruction"], terms["mean"]["reconstruction"])
    codebook = {reduction: each["loss"] - each["reconstruction"] for reduction, each in terms.items()}
    torch.testing.assert_close(codebook["sum"], 16 * codebook["mean"], rtol=1e-3, atol=0)
