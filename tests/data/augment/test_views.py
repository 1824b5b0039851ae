import pytest
import torch
from probeline.data.augment import views
from probeline.data.augment.settings import Augment
from probeline.data.augment.views import augment

NOTHING = Augment(crop_scale=(1, 1), crop_ratio=(1, 1), flip=0, jitter=0, grey=0)
EVERYTHING = Augment(blur=0.5, strength=1.0)
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))]


def images(batch=6, channels=3, height=32, width=32, device="cpu") -> torch.Tensor:
    made = torch.rand(batch, channels, height, width, generator=torch.Generator().manual_seed(0))
    return made.to(device, memory_format=torch.channels_last)


def generator(seed=0, device="cpu") -> torch.Generator:
    return torch.Generator(device).manual_seed(seed)


def test_with_everything_off_a_view_is_the_image():
    assert torch.allclose(augment(images(), NOTHING, generator()), images(), atol=1e-6)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(1, 3, 32, 32), (2, 1, 8, 8), (3, 3, 17, 29), (2, 3, 1, 1), (2, 2, 40, 21)])
def test_views_have_the_images_shape_range_and_layout(shape, device):
    seen = augment(images(*shape, device=device), EVERYTHING, generator(device=device))
    assert seen.shape == shape and seen.dtype == torch.float32 and seen.isfinite().all()
    assert seen.min() >= 0 and seen.max() <= 1
    assert seen.is_contiguous(memory_format=torch.channels_last)


def test_an_empty_batch_stays_empty():
    assert augment(images(batch=0), EVERYTHING, generator()).shape == (0, 3, 32, 32)


def test_the_same_generator_gives_the_same_views():
    first, second, other = (augment(images(), EVERYTHING, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.allclose(first, other)


def test_the_global_generator_is_neither_read_nor_moved():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    augment(images(), EVERYTHING, generator())
    assert torch.equal(torch.get_rng_state(), before)


def test_samples_have_parameters_of_their_own():
    same = images(batch=1).expand(50, -1, -1, -1)
    seen = augment(same, Augment(), generator())
    assert len({view.numpy().tobytes() for view in seen}) == 50


def test_a_sample_is_not_touched_by_the_others():
    together = augment(images(), EVERYTHING, generator())
    mixed = images()
    mixed[1:] = mixed[1:].flip(0)
    again = augment(mixed, EVERYTHING, generator())
    assert torch.equal(again[0], together[0]) and torch.allclose(again[3], together[3], atol=1e-6)


@pytest.mark.parametrize("chunk", [1, 5000, 10**9])
def test_views_do_not_depend_on_the_stretches_worked_on(monkeypatch, chunk):
    expected = augment(images(batch=9), EVERYTHING, generator())
    monkeypatch.setattr(views, "CPU_CHUNK", chunk)
    assert torch.allclose(augment(images(batch=9), EVERYTHING, generator()), expected, atol=1e-5)


def test_the_layout_of_the_images_does_not_matter():
    plain = images().contiguous()
    assert torch.allclose(
        augment(plain, EVERYTHING, generator()), augment(images(), EVERYTHING, generator()), atol=1e-6
    )


def test_changing_the_colours_leaves_the_crops():
    grey = images()[:, :1].expand(-1, 3, -1, -1)
    cropped = augment(grey, Augment(jitter=0, grey=0), generator())
    assert torch.allclose(augment(grey, Augment(jitter=0, grey=1), generator()), cropped, atol=1e-6)


def test_every_sample_is_flipped_when_asked():
    flipped = augment(images(), NOTHING.model_copy(update={"flip": 1.0}), generator())
    assert torch.allclose(flipped, images().flip(3), atol=1e-6)


def test_every_view_is_grey_when_asked():
    seen = augment(images(), Augment(grey=1.0), generator())
    assert torch.allclose(seen[:, 0], seen[:, 1], atol=1e-5) and torch.allclose(seen[:, 0], seen[:, 2], atol=1e-5)


def test_contrast_turns_about_the_mean_of_the_crop():
    # With saturation and brightness left alone, contrast keeps the mean of what is seen.
    factors = views.colour.Factors(*(torch.tensor([value]) for value in (1.0, 0.5, 1.0, 0.0)))
    down = views.resampling.resize_matrix(views.resampling.Span(torch.tensor([3.0]), torch.tensor([9.0])), 32, 32)
    plain = views._apply(
        images(1), down, down, views.colour.Factors(*(torch.tensor([v]) for v in (1.0, 1.0, 1.0, 0.0)))
    )
    seen = views._apply(images(1), down, down, factors)
    luma = torch.tensor(views.colour.LUMA)
    mean = (plain.mean((2, 3)) @ luma).item()
    assert torch.allclose(seen, 0.5 * plain + 0.5 * mean, atol=1e-5)


@pytest.mark.parametrize("device", DEVICES)
def test_autocast_does_not_coarsen_views(device):
    expected = augment(images(device=device), EVERYTHING, generator(device=device))
    with torch.autocast(device, dtype=torch.bfloat16):
        assert torch.equal(augment(images(device=device), EVERYTHING, generator(device=device)), expected)


def test_no_gradient_is_kept():
    assert not augment(images().requires_grad_(), EVERYTHING, generator()).requires_grad
