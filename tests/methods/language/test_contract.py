"""Every method on tokens that the catalogue has keeps the contract of `core/method.py`, a new file included."""

import pytest
import torch
from probeline.core.batch import Batch, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.method import Method
from probeline.core.metric import described
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT
from probeline.methods.base import METRICS
from probeline.models.build import build_encoder
from probeline.plugins import catalog

B, LENGTH, VOCABULARY = 4, 9, 40
SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=VOCABULARY, longest=LENGTH)
INFO = DatasetInfo("-", 40, 4, 4, (), SAMPLE)
ENCODER = {"name": "transformer", "width": 16, "depth": 1, "heads": 2, "context": 8, "dropout": 0.0}
CAUSAL = ("gpt",)
"""Methods that ask for a causal encoder."""

WITHOUT_DRAWS = ("gpt", "simcse")
"""Methods whose views are the samples as they are."""

NAMES = [
    name
    for name in catalog.names("methods")
    if getattr(catalog.module("methods", name), "TAKES", ("image",)) == ("tokens",) and catalog.trains(name)
]


def batch(made: Method) -> Batch:
    length = min(made.window or LENGTH, LENGTH)
    inputs = torch.randint(COUNT, VOCABULARY, (B, length), generator=torch.Generator().manual_seed(0))
    return Batch(inputs, torch.full((B,), -1), torch.arange(B))


def method(name: str) -> Method:
    torch.manual_seed(0)
    encoder = build_encoder(ENCODER | {"causal": name in CAUSAL}, SAMPLE)
    return catalog.plugin_class("methods", name, Method)(catalog.config("methods", name)(), encoder, INFO)


def views(made: Method, seed: int = 0) -> Views:
    return made.views(batch(made), SampleRNG(seed, 0, torch.arange(B)))


@pytest.mark.parametrize("name", NAMES)
def test_views_are_a_function_of_the_draws_alone(name: str) -> None:
    made = method(name)
    first = views(made).inputs
    torch.manual_seed(99)
    assert torch.equal(first, views(made).inputs)
    assert all(torch.equal(first, views(made, seed).inputs) for seed in range(1, 9)) == (name in WITHOUT_DRAWS)


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_finite_declared_and_its_gradient_reaches_the_encoder(name: str) -> None:
    made = method(name)
    made_views = views(made)
    outputs = made(made_views)
    assert len(outputs.h) % B == 0 and outputs.h.shape[1] == made.encoder.dim
    terms = made.loss(outputs, made_views)
    declared = catalog.metrics("methods", name) | METRICS
    assert not [term for term in terms if described(declared, term, term) is None]
    assert all(term.ndim == 0 and torch.isfinite(term) for term in terms.values())
    terms["loss"].backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in made.parameters() if p.requires_grad)


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_on_one_batch_lower_the_loss(name: str) -> None:
    made = method(name)
    optimizer, made_views, seen = torch.optim.Adam(made.parameters(), lr=3e-3), views(made), []
    for step in range(20):
        torch.manual_seed(step)
        loss = made.loss(made(made_views), made_views)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append(loss.item())
    assert seen[-1] < seen[0]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "electra"])  # it draws tokens in `forward`
def test_a_chunk_of_samples_gives_its_rows_of_the_whole_batch(name: str) -> None:
    made = method(name).eval()
    made_views, rows = views(made), torch.tensor([0, 2])

    def part(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.unflatten(0, (-1, B))[:, rows].flatten(0, 1)

    torch.testing.assert_close(made(made_views.map(part)).h, part(made(made_views).h), rtol=1e-4, atol=1e-5)
