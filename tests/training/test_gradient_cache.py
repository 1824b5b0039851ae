"""Gradient caching gives the full batch's gradient, whatever the method; what it cannot give is measured too."""

import contextlib
from functools import partial

import pytest
import torch
from helpers.encoders import Wrapped
from helpers.training_loops import Stop, trainer, values, weights
from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.core.settings import Settings
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.plugins.declarations import fitting
from probeline.training import loop
from probeline.training.checkpoints import Checkpoint
from probeline.training.data_parallel import Shard, chunks_of
from probeline.training.gradient_cache import WholeViews, cached_gradient, full_gradient
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

B, SHAPE = 7, (16, 16, 3)
FACTS = DatasetInfo(
    digest="-", train_size=40, validation_size=4, test_size=4, classes=("a", "b", "c"), sample=image(*SHAPE)
)
DRAWS = SampleRNG(0, 0, torch.arange(B))
NAMES = [name for name in fitting("methods", "image") if catalog.trains(name) and name != "siamese"]
"""Those that train on single samples; `test_kinds.py` has micro-batches of pairs."""


def batch():
    inputs = torch.rand(B, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    return Batch(inputs=inputs, labels=torch.arange(B) % 3, index=torch.arange(B))


def method(name, norm=False, **settings):
    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 4}, image(*SHAPE))
    config = catalog.config("methods", name)(**settings)
    made = catalog.plugin_class("methods", name, Method)(config, encoder, FACTS)
    if not norm:
        for path, module in list(made.named_modules()):
            if isinstance(module, _BatchNorm):
                parent, _, child = path.rpartition(".")
                setattr(made.get_submodule(parent), child, nn.Identity())
    return made.train()


def gradients(made):
    return {name: weight.grad for name, weight in made.named_parameters() if weight.grad is not None}


def stepped(made, gradient, precision=contextlib.nullcontext):
    """The step's terms, h, z and gradients, and whether its forward pass drew noise."""
    made.zero_grad(set_to_none=True)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    with torch.no_grad():
        made(made.views(batch(), DRAWS))
    noisy = not torch.equal(before, torch.get_rng_state())
    torch.manual_seed(1)
    return gradient(made, batch(), DRAWS, precision), gradients(made), noisy


def assert_same(found, expected, tolerance=1e-5):
    """Within `tolerance` of the largest entry of each tensor."""
    assert found.keys() == expected.keys()
    for name in expected:
        scale = max(float(expected[name].detach().abs().max()), 1e-3)
        torch.testing.assert_close(found[name] / scale, expected[name] / scale, rtol=0, atol=tolerance, msg=name)


@pytest.mark.parametrize("micro_batch", [1, 3, 6])
@pytest.mark.parametrize("name", ["simclr", "rotation"])
def test_without_batch_norm_it_is_the_full_batchs(name, micro_batch):
    made = method(name)
    full, expected, _ = stepped(made, full_gradient)
    cached, found, _ = stepped(made, partial(cached_gradient, share=Shard(B, micro_batch)))
    assert_same(found, expected)
    assert_same(cached.terms, {key: term.detach() for key, term in full.terms.items()})
    assert_same({"h": cached.outputs.h, "z": cached.outputs.z}, {"h": full.outputs.h, "z": full.outputs.z})


@pytest.mark.parametrize("name", NAMES)
def test_every_method_has_it(name):
    made = method(name)
    full, expected, noisy = stepped(made, full_gradient)
    cached, found, _ = stepped(made, partial(cached_gradient, share=Shard(B, 3)))
    assert cached.outputs.h.shape == full.outputs.h.shape
    assert {key: t.shape for key, t in cached.outputs.extra.items()} == {
        key: t.shape for key, t in full.outputs.extra.items()
    }
    if noisy:  # other noise for every chunk: the gradient of another draw
        assert found.keys() == expected.keys()
        assert all(gradient.isfinite().all() for gradient in found.values())
    else:
        assert_same(found, expected, 3e-5)
        torch.testing.assert_close(cached.terms, {key: term.detach() for key, term in full.terms.items()})


@pytest.mark.parametrize("name", NAMES)
def test_views_of_some_samples_are_those_that_they_have_in_the_batch(name):
    made, whole = method(name), method(name).views(batch(), DRAWS)
    now = slice(2, 5)
    part = made.views(Batch(batch().inputs[now], batch().labels[now], batch().index[now]), DRAWS[now])
    expected = whole.inputs.unflatten(0, (-1, B))[:, now].flatten(0, 1)
    torch.testing.assert_close(part.inputs, expected, rtol=0, atol=1e-6)
    if whole.targets is not None:
        assert torch.equal(part.targets, whole.targets.unflatten(0, (-1, B))[:, now].flatten(0, 1))


def test_bfloat16_rounds_it_and_no_more():
    precision = partial(torch.autocast, "cpu", torch.bfloat16)
    made = method("simclr")
    _, exact, _ = stepped(made, full_gradient)
    _, full, _ = stepped(made, full_gradient, precision)
    cached, found, _ = stepped(made, partial(cached_gradient, share=Shard(B, 3)), precision)
    assert cached.outputs.z.dtype == torch.bfloat16
    flat = [torch.cat([gradient.flatten() for gradient in each.values()]) for each in (exact, full, found)]
    rounding = (flat[1] - flat[0]).norm() / flat[0].norm()
    assert 0 < rounding < 0.5
    assert (flat[2] - flat[1]).norm() / flat[0].norm() < rounding


class Noisy(Method):
    """Dropout in the encoder, a head with parameters in the loss, and outputs of every kind."""

    def __init__(self, encoder=None):
        encoder = encoder or nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(768, 6))
        super().__init__(Settings(), Wrapped(encoder, 6), FACTS)
        self.head = nn.Linear(6, 3)
        self.seen = []

    def views(self, batch, rng):
        return Views(torch.cat([batch.inputs, 1 - batch.inputs]), batch.labels, batch.index)

    def forward(self, views):
        h = self.encoder(views.inputs).h
        self.seen.append(h.detach().clone())
        with torch.no_grad():
            still = 2 * h
        return Outputs(h, h, {"still": still, "row": h.argmax(1), "pair": h[: len(h) // 2] * h[len(h) // 2 :]})

    def loss(self, outputs, views):
        logits = self.head(outputs.extra["pair"])
        loss = F.cross_entropy(logits, views.targets) + (outputs.z * outputs.extra["still"]).mean()
        return {"loss": loss + outputs.h.square().mean(), "rows": outputs.extra["row"].float().mean()}


def test_the_second_pass_has_the_noise_of_the_first():
    torch.manual_seed(0)
    made = Noisy()
    torch.manual_seed(1)
    cached_gradient(made, batch(), DRAWS, contextlib.nullcontext, Shard(B, 3))
    first, second = made.seen[:3], made.seen[3:]
    assert len(second) == 3
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0][:2], first[1][:2])


def test_outputs_that_need_no_gradient_and_heads_in_the_loss_are_as_in_a_full_step():
    torch.manual_seed(0)
    made = Noisy(nn.Sequential(nn.Flatten(), nn.Linear(768, 6)))
    full, expected, _ = stepped(made, full_gradient)
    cached, found, _ = stepped(made, partial(cached_gradient, share=Shard(B, 2)))
    assert_same(found, expected)
    assert torch.equal(cached.outputs.extra["row"], full.outputs.extra["row"])
    assert not any(tensor.requires_grad for tensor in [cached.outputs.h, cached.outputs.z])


def test_a_loss_may_read_the_views_of_the_whole_batch():
    made = method("rotation")
    cached, _, _ = stepped(made, partial(cached_gradient, share=Shard(B, 3)))
    whole = made.views(batch(), DRAWS)
    assert isinstance(cached.views, WholeViews)
    torch.testing.assert_close(cached.views.inputs, whole.inputs, rtol=0, atol=1e-6)
    assert torch.equal(cached.views.targets, whole.targets)


def test_batch_norm_sees_its_chunk_and_moves_its_running_statistics_once_a_step():
    """By the mean over the chunks, weighed by their sizes; the count of steps goes up by one."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(768, momentum=0.1), nn.Linear(768, 6))
    made, norm = Noisy(encoder), encoder[1]
    norm.running_mean.fill_(5.0)
    cached_gradient(made, batch(), DRAWS, contextlib.nullcontext, Shard(B, 3))
    views = made.views(batch(), DRAWS).inputs.flatten(1).unflatten(0, (2, B))
    parts = [views[:, start:stop].flatten(0, 1) for start, stop in chunks_of(B, 3)]
    weights = [len(part) / (2 * B) for part in parts]
    mean = sum(weight * part.mean(0) for weight, part in zip(weights, parts, strict=True))
    variance = sum(weight * part.var(0) for weight, part in zip(weights, parts, strict=True))
    torch.testing.assert_close(norm.running_mean, 0.9 * 5.0 + 0.1 * mean)
    torch.testing.assert_close(norm.running_var, 0.9 + 0.1 * variance)
    assert norm.num_batches_tracked == 1
    assert (norm.momentum, norm.track_running_stats) == (0.1, True)
    normalised = [(part - part.mean(0)) / (part.var(0, unbiased=False) + 1e-5).sqrt() for part in parts]
    for seen in (made.seen[:3], made.seen[3:]):
        for h, part in zip(seen, normalised, strict=True):
            torch.testing.assert_close(h, encoder[2](part).detach(), rtol=1e-4, atol=1e-4)


def test_a_norm_without_momentum_keeps_the_mean_over_steps():
    encoder = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(768, momentum=None), nn.Linear(768, 6))
    made, norm = Noisy(encoder), encoder[1]
    for _ in range(2):
        cached_gradient(made, batch(), DRAWS, contextlib.nullcontext, Shard(B, 4))
    views = made.views(batch(), DRAWS).inputs.flatten(1)
    torch.testing.assert_close(norm.running_mean, views.mean(0))
    assert (norm.num_batches_tracked, norm.momentum) == (2, None)


def test_a_norm_in_evaluation_mode_is_left_alone():
    encoder = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(768), nn.Linear(768, 6))
    made, norm = Noisy(encoder), encoder[1].eval()
    _, expected, _ = stepped(made, full_gradient)
    _, found, _ = stepped(made, partial(cached_gradient, share=Shard(B, 3)))
    assert_same(found, expected)
    assert norm.running_mean.abs().sum() == 0


@pytest.mark.parametrize(("samples", "micro_batch"), [(7, 3), (8, 4), (257, 256), (5, 1), (4096, 256)])
def test_chunks_are_even_and_within_the_micro_batch(samples, micro_batch):
    found = chunks_of(samples, micro_batch)
    sizes = [stop - start for start, stop in found]
    assert [start for start, _ in found] == [0, *(stop for _, stop in found[:-1])]
    assert found[-1][1] == samples
    assert len(sizes) == -(-samples // micro_batch)
    assert max(sizes) <= micro_batch
    assert max(sizes) - min(sizes) <= 1


def test_the_graph_of_one_chunk_is_kept_at_a_time():
    """Bytes kept for the backward pass, at their most: those of a chunk, not those of the batch."""
    made, alive, most = method("simclr"), 0, []
    weights = {weight.data_ptr() for weight in made.parameters()}

    class Kept:
        def __init__(self, tensor):
            nonlocal alive
            self.tensor, self.bytes = tensor, 0 if tensor.data_ptr() in weights else tensor.nbytes
            alive += self.bytes
            most.append(alive)

        def __del__(self):
            nonlocal alive
            alive -= self.bytes

    peaks = {}
    for name, gradient in {"full": full_gradient, "cached": partial(cached_gradient, share=Shard(B, 1))}.items():
        most.clear()
        with torch.autograd.graph.saved_tensors_hooks(Kept, lambda kept: kept.tensor):
            gradient(made, batch(), DRAWS, contextlib.nullcontext)
        peaks[name] = max(most)
    assert peaks["cached"] < 1.3 * peaks["full"] / B


def test_a_loop_with_micro_batches_resumes_with_the_numbers_of_an_uninterrupted_one(tmp_path, monkeypatch):
    whole = trainer(micro_batch=3)
    expected = values(whole.run(Checkpoint(tmp_path / "whole")))
    assert {"online_probe/top1", "train/loss"} <= {name for name, _, _ in expected}
    broken, steps, gradient = trainer(micro_batch=3), [], loop.cached_gradient

    def gradient_until_stop(*given):
        if len(steps) == 7:
            raise Stop
        steps.append(len(given[-1].chunks))
        return gradient(*given)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "cached_gradient", gradient_until_stop)
        with pytest.raises(Stop):
            list(broken.run(Checkpoint(tmp_path / "a", seconds=0)))
    assert steps == [3] * 7
    torch.manual_seed(123)
    resumed = trainer(micro_batch=3)
    note, *records = resumed.run(Checkpoint(tmp_path / "a", seconds=0))
    assert note.name == "resumed"
    assert values(records) == expected
    assert torch.equal(weights(resumed), weights(whole))


def test_a_micro_batch_as_large_as_the_batch_is_the_batch(tmp_path):
    whole, same, other = (trainer(epochs=1, micro_batch=size) for size in (None, 8, 4))
    said = [values(each.run(Checkpoint(tmp_path / "none"))) for each in (whole, same, other)]
    assert said[0] == said[1] != said[2]
