"""Every method that takes waveforms, a new file included, trains on them: speech methods and those of any samples."""

from dataclasses import replace

import pytest
import torch
from probeline.core.batch import Batch, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.method import Method
from probeline.core.metric import described
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.methods.base import METRICS
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.plugins.declarations import fitting
from probeline.plugins.default_views import default_views

B = 4
SAMPLE = SampleSpec("waveform", "int16", (None,), 16000, longest=6000)
LABELS = {"word": ("a", "b", "c"), "speaker": ("x", "y", "z")}
FACTS = DatasetInfo("-", 40, 4, 4, ("a", "b", "c"), SAMPLE, label_names=LABELS)
NAMES = [name for name in fitting("methods", "waveform") if catalog.trains(name)]
IN_ROWS = [name for name in NAMES if name not in ("siamese", "triplet")]
"""Those whose batches are single samples."""


def test_methods_of_no_modality_take_waveforms_too() -> None:
    views = {"simclr", "byol", "vicreg", "barlow_twins", "moco", "simsiam", "instance_discrimination"}
    assert views | {"supervised", "random_init"} <= set(fitting("methods", "waveform"))


def method(name: str) -> Method:
    torch.manual_seed(0)
    encoder = build_encoder({"name": "wave_conv", "width": 8, "context_width": 6}, SAMPLE)
    config = catalog.config("methods", name)
    views = {"augment": default_views("waveform")} if "augment" in config.model_fields else {}
    built = catalog.plugin_class("methods", name, Method)(config(**views), encoder, FACTS)
    return built.train()


def batch() -> Batch:
    x = 0.1 * torch.randn(B, 6000, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([6000, 6000, 6000, 4000])
    return Batch(x * (torch.arange(6000) < lengths[:, None]), torch.arange(B) % 3, torch.arange(B), lengths)


def views(made: Method, seed: int = 0) -> Views:
    return made.views(batch(), SampleRNG(seed, 0, torch.arange(B)))


@pytest.mark.parametrize("name", IN_ROWS)
def test_the_loss_is_finite_and_declared_and_its_gradient_reaches_the_encoder(name: str) -> None:
    made = method(name)
    given = views(made)
    terms = made.loss(made(given), given)
    assert all(term.ndim == 0 and torch.isfinite(term) for term in terms.values())
    declared = catalog.metrics("methods", name) | METRICS
    assert not [term for term in terms if described(declared, term, term) is None]
    terms["loss"].backward()
    assert sum(weight.grad.abs().sum() for weight in made.encoder.parameters() if weight.grad is not None) > 0


@pytest.mark.parametrize("name", IN_ROWS)
def test_views_and_targets_are_a_function_of_the_draws_alone(name: str) -> None:
    made = method(name)
    first = views(made)
    torch.manual_seed(99)
    again = views(made)
    assert torch.equal(first.inputs, again.inputs)
    assert first.targets is None or torch.equal(first.targets, again.targets)


@pytest.mark.parametrize("name", IN_ROWS)
def test_a_chunk_of_samples_gives_its_rows_of_the_whole_batch(name: str) -> None:
    made = method(name).eval()
    given, rows = views(made), torch.tensor([0, 3])
    some = given.map(lambda part: part.unflatten(0, (-1, B))[:, rows].flatten(0, 1))
    whole, part = made(given).h.unflatten(0, (-1, B))[:, rows].flatten(0, 1), made(some).h
    torch.testing.assert_close(part, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", IN_ROWS)
def test_what_is_beyond_a_clips_end_changes_no_h(name: str) -> None:
    made, given = method(name).eval(), batch()
    loud = replace(given, inputs=torch.where(given.inputs == 0, 0.7, given.inputs))
    first, second = (made(made.views(each, SampleRNG(0, 0, given.index))).h for each in (given, loud))
    torch.testing.assert_close(first[:B], second[:B], rtol=1e-4, atol=1e-5)
