"""Every operation on waveforms, series and vectors, a new file included, keeps the contract of `augment`."""

import pytest
import torch
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op
from probeline.data.augment.views import augment
from probeline.plugins import catalog
from probeline.plugins.declarations import possible

SHAPES = {"waveform": (64, 800), "series": (64, 40, 3), "vector": (64, 12)}
"""An entry a modality; that of images is `tests/data/images/augment/ops/test_contract.py`."""

CASES = [
    (name, modality)
    for name in catalog.names("augmentations")
    for modality in possible("augmentations", name, "TAKES")
    if modality in SHAPES
]
RAGGED = [(name, modality) for name, modality in CASES if modality != "vector"]


def samples(modality: str) -> torch.Tensor:
    """Smooth curves in time, numbers away from 0."""
    shape = SHAPES[modality]
    rough = torch.rand(shape, generator=torch.Generator().manual_seed(0)) + 0.5
    return rough if modality == "vector" else rough.cumsum(1) / rough.shape[1] + rough / 10


def view(name: str, given: torch.Tensor, p: float = 1.0, seed: int = 0, lengths=None) -> torch.Tensor:
    return augment(given, [{"name": name, "p": p}], SampleRNG(seed, 0, torch.arange(len(given))), lengths)


def changed(given: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    return (given != seen).flatten(1).any(1)


@pytest.mark.parametrize(("name", "modality"), CASES)
def test_views_have_the_shape_and_type_of_the_samples_and_leave_these_alone(name, modality):
    assert issubclass(catalog.config("augmentations", name), Op)
    given = samples(modality)
    seen = view(name, given)
    assert seen.shape == given.shape and seen.dtype == torch.float32 and seen.isfinite().all()
    assert torch.equal(given, samples(modality)) and changed(given, seen).float().mean() > 0.9
    assert torch.equal(view(name, given, p=0.0), given)
    assert view(name, given[:0]).shape == given[:0].shape


@pytest.mark.parametrize(("name", "modality"), CASES)
def test_samples_are_chosen_and_drawn_by_themselves(name, modality):
    given = samples(modality)
    seen = view(name, given, p=0.5)
    assert 0.3 < changed(given, seen).float().mean() < 0.7
    rows = torch.tensor([40, 3, 17])
    alone = augment(given[rows], [{"name": name, "p": 0.5}], SampleRNG(0, 0, rows))
    assert torch.allclose(alone, seen[rows], atol=1e-5)


@pytest.mark.parametrize(("name", "modality"), CASES)
def test_views_are_a_function_of_the_draws_alone(name, modality):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = view(name, samples(modality))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, view(name, samples(modality)))
    assert not torch.equal(first, view(name, samples(modality), seed=1))


@pytest.mark.parametrize(("name", "modality"), RAGGED)
def test_padding_stays_zero_and_changes_no_view(name, modality):
    given = samples(modality)
    steps = given.shape[1]
    lengths = torch.arange(len(given)) % (steps // 2) + 1
    real = torch.arange(steps) < lengths[:, None]
    padded = given * real.view(*real.shape, *[1] * (given.ndim - 2))
    seen = view(name, padded, lengths=lengths)
    assert not seen[~real].any() and seen.isfinite().all()
    narrow = view(name, padded[:, : steps // 2], lengths=lengths)
    assert torch.allclose(narrow, seen[:, : steps // 2], atol=1e-5)
