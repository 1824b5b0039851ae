import math

import pytest
import torch
from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.methods.generative.vae import VAE, Config
from probeline.models.build import build_encoder
from probeline.models.likelihood import divergence
from torch.distributions import Normal, kl_divergence


def method(shape=(16, 16, 3), **settings):
    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 2}, image(*shape))
    config = Config(**({"latent_dim": 5, "decoder_width": 4} | settings))
    return VAE(config, encoder, DatasetInfo("-", 8, 1, 1, (), image(*shape))).eval()


def views(made, count=3):
    height, width, channels = (*made.shape[1:], made.shape[0])
    images = (
        torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(0)) * 255
    ).round() / 255
    index = torch.arange(count)
    return made.views(Batch(images, index, index), SampleRNG(0, 0, index))


def test_the_divergence_is_that_of_torch_distributions():
    mu, log_variance = torch.randn(4, 6), torch.randn(4, 6)
    expected = kl_divergence(Normal(mu, (log_variance / 2).exp()), Normal(torch.zeros(6), torch.ones(6))).sum(1)
    torch.testing.assert_close(divergence(mu, log_variance), expected)


def test_by_default_a_view_is_the_image_or_its_mirror_image_whatever_its_shape():
    made = method((16, 24, 3))
    images = torch.rand(8, 3, 16, 24)
    index = torch.arange(8)
    seen = made.views(Batch(images, index, index), SampleRNG(0, 0, index)).inputs
    for picture, view in zip(images, seen, strict=True):
        same, mirrored = (torch.allclose(view, other, atol=1e-5) for other in (picture, picture.flip(2)))
        assert same or mirrored


def test_its_loss_is_the_negative_bound_in_bits_per_dim():
    made = method(beta=0.5)
    seen = views(made)
    outputs = made(seen)
    terms = made.loss(outputs, seen)
    mu, log_variance = outputs.z, outputs.extra["log_variance"]
    kl = kl_divergence(Normal(mu, (log_variance / 2).exp()), Normal(torch.zeros(5), torch.ones(5))).sum(1).mean()
    pixels = made._decode(mu + (log_variance / 2).exp() * seen.targets)
    likely = pixels.log_probability(seen.inputs).mean()
    bit = 16 * 16 * 3 * math.log(2)
    torch.testing.assert_close(terms["bits_per_dim"], (kl - likely) / bit)
    torch.testing.assert_close(terms["loss"], (0.5 * kl - likely) / bit)


def test_more_samples_of_importance_give_fewer_bits_and_one_gives_the_bound():
    made = method()
    with torch.no_grad():
        made.posterior.weight.mul_(3)  # a posterior that is wrong enough for a gap
    images, rng = views(made, 6).inputs, SampleRNG(1, 0, torch.arange(6))
    weights = made.log_weights(images, rng, 60)
    assert weights.shape == (60, 6)
    bound = weights.mean(0)
    tighter = weights.logsumexp(0) - math.log(60)
    few = (weights.view(12, 5, 6).logsumexp(1) - math.log(5)).mean(0)
    assert (bound < few).all()
    assert (few < tighter).all()


def test_the_mean_weight_is_the_bound_with_the_divergence_in_closed_form():
    made = method()
    seen = views(made)
    h = made.encoder(seen.inputs).h
    mu, log_variance = made._posterior(h)
    weights = made.log_weights(seen.inputs, SampleRNG(0, 0, torch.arange(3)), 64).mean(0)
    noise = torch.randn(64, 3, 5, generator=torch.Generator().manual_seed(1))
    likely = torch.stack(
        [made._decode(mu + (log_variance / 2).exp() * eps).log_probability(seen.inputs) for eps in noise]
    )
    expected = likely.mean(0) - divergence(mu, log_variance)
    spread = likely.std(0) / 64**0.5 + 5**0.5 / 64**0.5
    assert ((weights - expected).abs() < 6 * spread).all()


def test_the_noise_belongs_to_the_sample_and_not_to_torchs_generator():
    made = method()
    seen = views(made)
    torch.manual_seed(5)
    first = made(seen).extra["mean"]
    torch.manual_seed(6)
    torch.testing.assert_close(first, made(seen).extra["mean"], rtol=0, atol=0)
    last = Views(seen.inputs[2:], seen.targets[2:])
    torch.testing.assert_close(made(last).extra["mean"], first[2:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (17, 30, 3)])
def test_odd_sizes_and_grey_images_come_back_in_their_shape(shape):
    made = method(shape)
    seen = views(made)
    assert made.reconstruct(seen.inputs).shape == seen.inputs.shape
    samples = made.sample(SampleRNG(0, 0, torch.arange(2)))
    assert samples.shape[1:] == seen.inputs.shape[1:]
    assert 0 <= samples.min() <= samples.max() <= 1


def test_a_certain_posterior_stays_finite():
    made = method()
    z = torch.full((2, 5), 50.0)
    extra = {"log_variance": torch.full((2, 5), -10.0), "mean": torch.zeros(2, 3, 16, 16)}
    extra["log_scale"] = torch.full((2, 3, 16, 16), -50.0)
    terms = made.loss(Outputs(z, z, extra), Views(torch.ones(2, 3, 16, 16)))
    assert all(torch.isfinite(term) for term in terms.values())
