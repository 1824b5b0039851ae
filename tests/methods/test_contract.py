"""Every method found in the catalogue keeps the contract of `methods/base.py`, a new file included."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from probeline.core.batch import Batch, Views
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.method import Method
from probeline.core.metric import described
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.errors import BadData
from probeline.methods.base import METRICS
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.plugins.declarations import fitting

B, SHAPE = 4, (16, 16, 3)
NAMES = fitting("methods", "image")
FACTS = DatasetInfo(
    digest="-", train_size=40, validation_size=4, test_size=4, classes=("a", "b", "c"), sample=image(*SHAPE)
)


SPLIT = Split(np.zeros((40, *SHAPE), np.uint8), np.arange(40) % 3)


def batch(made, seed=0):
    """B samples, or B pairs or triplets of them where the method's batches are so."""
    sampler = made.sampler(SPLIT)
    roles = 1 if sampler is None else len(sampler.plan(0, 0, B).rows)
    index = torch.arange(roles * B)
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.rand(roles * B, 3, 16, 16, generator=generator).contiguous(memory_format=torch.channels_last)
    same = torch.arange(B) % 2 == 0 if roles == 2 else None
    return Batch(inputs=inputs, labels=index % 3, index=index, same=same, roles=roles)


def method(name, facts=FACTS):
    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 4}, image(*SHAPE))
    config = catalog.config("methods", name)
    augmented = {} if getattr(config(), "augment", None) != [] else {"augment": [{"name": "crop"}]}
    made = catalog.plugin_class("methods", name, Method)(config(**augmented), encoder, facts)
    return made if made.trains else pytest.skip(f"{name} does not train")


def views(made, seed=0):
    given = batch(made)
    return made.views(given, SampleRNG(seed, 0, given.index))


@pytest.mark.parametrize("name", NAMES)
def test_views_are_a_function_of_the_draws_alone(name):
    made = method(name)
    first = views(made).inputs
    torch.manual_seed(99)
    assert torch.equal(first, views(made).inputs)
    others = [views(made, seed=seed).inputs for seed in range(1, 9)]  # four coins may fall alike in two of them
    assert not all(torch.equal(first, other) for other in others)


@pytest.mark.parametrize("name", NAMES)
def test_views_stand_one_after_the_other_and_leave_the_batch_alone(name):
    made = method(name)
    given = batch(made)
    made_views = made.views(given, SampleRNG(0, 0, given.index))
    assert torch.equal(given.inputs, batch(made).inputs)
    assert len(made_views.inputs) % B == 0
    h = made(made_views).h
    assert len(h) % B == 0
    assert h.shape[1] == made.encoder.dim


@pytest.mark.parametrize("name", NAMES)
def test_views_are_channels_last_and_within_range(name):
    inputs = views(method(name)).inputs
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    assert inputs.min() >= 0
    assert inputs.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_finite_and_its_gradient_reaches_the_encoder(name):
    made = method(name)
    made_views = views(made)
    terms = made.loss(made(made_views), made_views)
    assert all(term.ndim == 0 and torch.isfinite(term) for term in terms.values())
    declared = catalog.metrics("methods", name) | METRICS
    undeclared = [term for term in terms if described(declared, term, term) is None]
    assert not undeclared, f"METRICS of {name} lacks {undeclared}"
    terms["loss"].backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in made.parameters() if p.requires_grad)
    assert sum(p.grad.abs().sum() for p in made.encoder.parameters()) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_on_one_batch_lower_the_loss(name):
    made = method(name)
    optimizer, seen = torch.optim.Adam(made.parameters(), lr=1e-3), []
    made_views = views(made)
    for _ in range(12):
        loss = made.loss(made(made_views), made_views)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append(loss.item())
    assert seen[-1] < seen[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_chunk_of_samples_gives_its_rows_of_the_whole_batch(name):
    """What lets the loop cache gradients: batch norm aside, no row looks at another."""
    made = method(name).eval()
    made_views = views(made)
    whole = made(made_views)
    rows = torch.tensor([0, 2])

    def part(tensor):
        return None if tensor is None else tensor.unflatten(0, (-1, B))[:, rows].flatten(0, 1)

    torch.manual_seed(1)
    chunk = made(Views(part(made_views.inputs), part(made_views.targets), part(made_views.index)))
    assert chunk.h.shape == part(whole.h).shape
    torch.testing.assert_close(chunk.h, part(whole.h), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_after_a_step_all_that_it_knows_is_in_its_state(name):
    """A copy with the same state, as after an interruption, has the same loss on the next batch."""
    made = method(name)
    made_views = views(made)
    with torch.no_grad():
        made.after_step(made(made_views), made_views)
    again = method(name)
    again.load_state_dict(made.state_dict())
    losses = []
    for one in (made.eval(), again.eval()):
        torch.manual_seed(3)
        losses.append(one.loss(one(made_views), made_views)["loss"])
    assert torch.equal(*losses)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("classes", [(), ("only",)])
def test_unlabelled_data_or_a_single_class_are_enough_unless_it_says_that_it_needs_labels(name, classes):
    try:
        made = method(name, replace(FACTS, classes=classes))
    except BadData as refusal:
        assert "needs labels" in str(refusal)
        return
    given = batch(made)
    given = replace(given, labels=torch.full_like(given.labels, len(classes) - 1))
    made_views = made.views(given, SampleRNG(0, 0, given.index))
    assert torch.isfinite(made.loss(made(made_views), made_views)["loss"])


@pytest.mark.parametrize("name", NAMES)
def test_what_has_no_gradient_moves_after_the_step_only(name):
    """Momentum encoders, banks and queues: the optimiser leaves them alone, weight decay and all."""
    made = method(name)
    learned = {key for key, weight in made.named_parameters() if weight.requires_grad}
    made_views = views(made)
    outputs = made(made_views)
    made.loss(outputs, made_views)["loss"].backward()
    kept = {key: value.clone() for key, value in made.state_dict().items() if key not in learned}
    torch.optim.SGD(made.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1).step()
    assert all(torch.equal(made.state_dict()[key], value) for key, value in kept.items())
    made.after_step(outputs, made_views)
    assert all(torch.isfinite(value).all() for value in made.state_dict().values() if value.is_floating_point())


def test_supervised_training_refuses_a_training_part_that_is_labelled_in_part():
    with pytest.raises(BadData, match=r"50\.0% have none"):
        method("supervised", replace(FACTS, labelled=0.5))
