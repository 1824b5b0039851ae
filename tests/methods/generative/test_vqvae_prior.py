import math

import pytest
import torch
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.methods.generative.vqvae_prior import Config, VQVAEPrior
from probeline.models.build import build_encoder

SMALL = {"codes": 8, "code_dim": 4, "decoder_width": 4, "prior_width": 8, "prior_layers": 2}


def method(**settings):
    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 2}, image(16, 16, 3))
    return VQVAEPrior(Config(**(SMALL | settings)), encoder, DatasetInfo("-", 8, 1, 1, (), image(16, 16, 3)))


def views(made, count=4):
    images = torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    index = torch.arange(count)
    return made.views(Batch(images, index, index), SampleRNG(0, 0, index))


def gradients(made, seen):
    made.zero_grad(set_to_none=True)
    made.loss(made(seen), seen)["loss"].backward()
    return {name: p.grad for name, p in made.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}


def test_no_gradient_of_the_prior_reaches_the_autoencoder():
    made = method()
    seen = views(made)
    outputs = made.eval()(seen)
    code = -outputs.extra["code_log_probability"].mean()
    found = torch.autograd.grad(code, list(made.parameters()), allow_unused=True)
    reached = {n.partition(".")[0] for (n, _), g in zip(made.named_parameters(), found, strict=True) if g is not None}
    assert reached == {"prior"}


def test_once_frozen_only_the_prior_learns_and_the_rest_stands_still():
    made = method(freeze_after=1.0, codebook="ema").train()
    seen = views(made)
    assert {name.partition(".")[0] for name in gradients(made, seen)} == {"encoder", "body", "prior"}
    for _ in range(2):  # 2 steps of 4 samples: the epoch of 8
        made.after_step(made(seen), seen)
    state = {name: value.clone() for name, value in made.state_dict().items()}
    assert {name.partition(".")[0] for name in gradients(made.train(), seen)} == {"prior"}
    made.after_step(made(seen), seen)
    changed = {name for name, value in made.state_dict().items() if not torch.equal(value, state[name])}
    assert changed == {"seen"}


def test_where_it_stands_is_in_its_state():
    made, again = method(freeze_after=0.5), method(freeze_after=0.5)
    seen = views(made)
    made.after_step(made(seen), seen)
    again.load_state_dict(made.state_dict())
    assert made.frozen
    assert again.frozen


def test_the_bound_is_the_pixels_at_the_codes_and_the_codes_under_the_prior():
    made = method().eval()
    seen = views(made)
    outputs = made(seen)
    terms = made.loss(outputs, seen)
    bound = made.log_weights(seen.inputs, SampleRNG(0, 0, torch.arange(4)), 3)
    bit = 16 * 16 * 3 * math.log(2)
    assert bound.shape == (1, 4)
    torch.testing.assert_close(terms["bits_per_dim"], -bound.mean() / bit, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        terms["codes_bits_per_dim"], -made.code_log_probability(seen.inputs).sum(1).mean() / bit, rtol=1e-4, atol=1e-6
    )


def test_the_prior_learns_codes_that_repeat():
    """Under a uniform prior a code costs log2 8 = 3 bits; these images have all the same codes."""
    made = method()
    image = views(made, 1).inputs.expand(8, -1, -1, -1)
    index = made.eval().body.index(made.encoder, image)
    optimizer = torch.optim.Adam(made.prior.parameters(), lr=1e-2)
    for _ in range(60):
        loss = -made.prior.log_probability(index).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert -made.code_log_probability(image).mean().item() / math.log(2) < 0.5


def test_samples_are_images_and_belong_to_their_rows():
    made = method().eval()
    rng = SampleRNG(0, 0, torch.arange(4))
    samples = made.sample(rng)
    assert samples.shape == (4, 3, 16, 16)
    torch.testing.assert_close(made.sample(rng[1:3]), samples[1:3], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("codebook", ["gradient", "ema"])
def test_the_autoencoder_is_that_of_vqvae_with_the_same_settings(codebook):
    from probeline.methods.generative import vqvae

    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 2}, image(16, 16, 3))
    settings = {key: SMALL[key] for key in ("codes", "code_dim", "decoder_width")} | {"codebook": codebook}
    alone = vqvae.VQVAE(vqvae.Config(**settings), encoder, DatasetInfo("-", 8, 1, 1, (), image(16, 16, 3)))
    made = method(codebook=codebook)
    alone.load_state_dict({k: v for k, v in made.state_dict().items() if k.startswith(("encoder.", "body."))})
    both = []
    for one in (alone.train(), made.train()):
        seen = views(one)
        one.loss(one(seen), seen)["loss"].backward()
        both.append(
            {n: p.grad for n, p in one.named_parameters() if n.startswith(("encoder.", "body.")) and p.requires_grad}
        )
    for name, gradient in both[0].items():
        torch.testing.assert_close(gradient, both[1][name])
