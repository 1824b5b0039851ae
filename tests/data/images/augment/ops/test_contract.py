"""Every operation on images in the catalogue, a new file included, keeps the contract of `augment`."""

import pytest
import torch
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op
from probeline.data.augment.views import augment
from probeline.errors import UserError
from probeline.plugins import catalog
from probeline.plugins.declarations import fitting

NAMES = fitting("augmentations", "image")
SHAPES = [(5, 3, 32, 32), (3, 1, 16, 16), (2, 2, 24, 24), (2, 3, 17, 17), (2, 3, 1, 1), (0, 3, 8, 8), (3, 3, 20, 29)]


def images(*shape: int) -> torch.Tensor:
    """Smooth colours with an edge, so that every operation has something to do."""
    batch = torch.rand(*(shape or (64, 3, 32, 32)), generator=torch.Generator().manual_seed(0))
    return batch.to(memory_format=torch.channels_last)


def view(name: str, given: torch.Tensor, p: float = 1.0, seed: int = 0) -> torch.Tensor:
    return augment(given, [{"name": name, "p": p}], SampleRNG(seed, 0, torch.arange(len(given))))


def changed(given: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    return (given != seen).flatten(1).any(1)


@pytest.mark.parametrize("name", NAMES)
def test_its_file_has_a_config_with_a_probability_and_a_function_of_its_name(name):
    assert issubclass(catalog.config("augmentations", name), Op)
    assert callable(getattr(catalog.module("augmentations", name), name))
    assert catalog.summary("augmentations", name)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_views_have_the_images_shape_range_type_and_layout_or_are_refused(name, shape):
    given = images(*shape)
    try:
        seen = view(name, given)
    except UserError as error:  # only where a shape cannot be kept, and with a remedy
        assert shape[2] != shape[3] and name in str(error) and "set" in str(error)
        return
    assert seen.shape == shape and seen.dtype == torch.float32
    assert seen.isfinite().all() and bool(((seen >= 0) & (seen <= 1)).all())
    assert seen.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(given, images(*shape))


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("name", NAMES)
def test_black_and_white_images_stay_within_range(name, value):
    seen = view(name, torch.full((4, 3, 16, 16), value))
    assert seen.isfinite().all() and seen.min() >= 0 and seen.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_probability_zero_is_the_identity_and_one_is_everyone(name):
    assert torch.equal(view(name, images(), p=0.0), images())
    assert changed(images(), view(name, images(), p=1.0)).float().mean() > 0.9  # a narrow blur changes nothing


@pytest.mark.parametrize("name", NAMES)
def test_half_of_the_samples_are_changed_and_the_rest_are_left_to_the_bit(name):
    share = changed(images(400, 3, 32, 32), view(name, images(400, 3, 32, 32), p=0.5)).float().mean()
    assert 0.4 < share < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_chosen_and_drawn_by_itself(name):
    same = images(1, 3, 32, 32).expand(40, -1, -1, -1)
    assert len({one.numpy().tobytes() for one in view(name, same, p=0.5)}) > 1
    together = view(name, images(), p=0.5)
    mixed = images()
    mixed[1:] = mixed[1:].flip(0)
    assert torch.allclose(view(name, mixed, p=0.5)[0], together[0], atol=1e-6)
    rows = torch.tensor([40, 3, 17])
    alone = augment(images()[rows], [{"name": name, "p": 0.5}], SampleRNG(0, 0, rows))
    assert torch.allclose(alone, together[rows], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_views_are_a_function_of_the_draws_alone(name):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = view(name, images(), p=0.5)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, view(name, images(), p=0.5))
    assert not torch.equal(first, view(name, images(), p=0.5, seed=1))


@pytest.mark.parametrize("name", NAMES)
def test_one_channel_gives_what_three_equal_ones_give_or_stays(name):
    grey = images(8, 1, 32, 32)
    seen, wide = view(name, grey), view(name, grey.expand(-1, 3, -1, -1))
    shared = torch.allclose(seen.expand(-1, 3, -1, -1), wide, atol=1e-5)
    # Noise is drawn for every channel: one has the same distribution, not the same numbers.
    assert shared or torch.equal(seen, grey) or (name == "noise" and abs(seen.std() - wide.std()) < 0.01)
