import pytest
import torch
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment, two_views
from probeline.data.images.augment import colour, fused
from probeline.data.images.augment.settings import Augment
from probeline.errors import UserError

NOTHING = Augment(crop_scale=(1, 1), crop_ratio=(1, 1), flip=0, jitter=0, grey=0)
EVERYTHING = Augment(blur=0.5, strength=1.0)
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))]


def images(batch=6, channels=3, height=32, width=32, device="cpu") -> torch.Tensor:
    values = torch.rand(batch, channels, height, width, generator=torch.Generator().manual_seed(0))
    return values.to(device, memory_format=torch.channels_last)


def rng(count=6, seed=0, device="cpu") -> SampleRNG:
    return SampleRNG(seed, 0, torch.arange(count, device=device))


def test_with_everything_off_a_view_is_the_image():
    assert torch.allclose(augment(images(), NOTHING, rng()), images(), atol=1e-6)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(1, 3, 32, 32), (2, 1, 8, 8), (3, 3, 17, 29), (2, 3, 1, 1), (2, 2, 40, 21)])
def test_views_have_the_images_shape_range_and_layout(shape, device):
    seen = augment(images(*shape, device=device), EVERYTHING, rng(shape[0], device=device))
    assert seen.shape == shape and seen.dtype == torch.float32 and seen.isfinite().all()
    assert seen.min() >= 0 and seen.max() <= 1
    assert seen.is_contiguous(memory_format=torch.channels_last)


def test_an_empty_batch_stays_empty():
    assert augment(images(batch=0), EVERYTHING, rng(0)).shape == (0, 3, 32, 32)


def test_the_same_draws_give_the_same_views():
    first, second, other = (augment(images(), EVERYTHING, rng(seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.allclose(first, other)


def test_the_global_generator_is_neither_read_nor_moved():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    augment(images(), EVERYTHING, rng())
    assert torch.equal(torch.get_rng_state(), before)


def test_samples_have_parameters_of_their_own():
    same = images(batch=1).expand(50, -1, -1, -1)
    seen = augment(same, Augment(), rng(50))
    assert len({view.numpy().tobytes() for view in seen}) == 50


def test_a_sample_is_not_touched_by_the_others():
    together = augment(images(), EVERYTHING, rng())
    mixed = images()
    mixed[1:] = mixed[1:].flip(0)
    again = augment(mixed, EVERYTHING, rng())
    assert torch.equal(again[0], together[0]) and torch.allclose(again[3], together[3], atol=1e-6)


@pytest.mark.parametrize("chunk", [1, 5000, 10**9])
def test_views_do_not_depend_on_the_stretches_worked_on(monkeypatch, chunk):
    expected = augment(images(batch=9), EVERYTHING, rng(9))
    monkeypatch.setattr(fused, "CPU_CHUNK", chunk)
    assert torch.allclose(augment(images(batch=9), EVERYTHING, rng(9)), expected, atol=1e-5)


def test_the_layout_of_the_images_does_not_matter():
    plain = images().contiguous()
    assert torch.allclose(augment(plain, EVERYTHING, rng()), augment(images(), EVERYTHING, rng()), atol=1e-6)


def test_changing_the_colours_leaves_the_crops():
    grey = images()[:, :1].expand(-1, 3, -1, -1)
    cropped = augment(grey, Augment(jitter=0, grey=0), rng())
    assert torch.allclose(augment(grey, Augment(jitter=0, grey=1), rng()), cropped, atol=1e-6)


def test_every_sample_is_flipped_when_asked():
    flipped = augment(images(), NOTHING.model_copy(update={"flip": 1.0}), rng())
    assert torch.allclose(flipped, images().flip(3), atol=1e-6)


def test_every_view_is_grey_when_asked():
    seen = augment(images(), Augment(grey=1.0), rng())
    assert torch.allclose(seen[:, 0], seen[:, 1], atol=1e-5) and torch.allclose(seen[:, 0], seen[:, 2], atol=1e-5)


def test_contrast_turns_about_the_mean_of_the_crop():
    # With saturation and brightness left alone, contrast keeps the mean of what is seen, a blur or none.
    crop, blur = {"name": "crop"}, {"name": "blur", "p": 1, "kernel": 0.3, "sigma": [2, 2]}
    contrast = {"name": "colour", "p": 1, "strength": 1, "brightness": 0, "contrast": 0.5, "saturation": 0, "hue": 0}
    muted = 0.4 + 0.2 * images()
    plain, seen = augment(muted, [crop], rng()), augment(muted, [crop, contrast], rng())
    mean = (plain.mean((2, 3)) @ torch.tensor(colour.LUMA))[:, None, None, None]
    factor = (seen - mean).flatten(1).norm(dim=1) / (plain - mean).flatten(1).norm(dim=1)
    assert torch.allclose(seen - mean, factor[:, None, None, None] * (plain - mean), atol=1e-5)
    blurred = augment(plain, [blur], rng())
    both = augment(muted, [crop, contrast, blur], rng())
    assert torch.allclose(both - mean, factor[:, None, None, None] * (blurred - mean), atol=1e-5)


@pytest.mark.parametrize("device", DEVICES)
def test_autocast_does_not_coarsen_views(device):
    expected = augment(images(device=device), EVERYTHING, rng(device=device))
    with torch.autocast(device, dtype=torch.bfloat16):
        assert torch.equal(augment(images(device=device), EVERYTHING, rng(device=device)), expected)


def test_no_gradient_is_kept():
    assert not augment(images().requires_grad_(), EVERYTHING, rng()).requires_grad


def test_a_resumed_reordered_or_smaller_batch_sees_the_same_views():
    every = images(batch=12)
    for settings in (EVERYTHING, [{"name": "noise"}, {"name": "cutout", "p": 0.5}, {"name": "rotate", "p": 0.5}]):
        whole = two_views(every, settings, None, SampleRNG(7, 3, torch.arange(12))).view(2, 12, *every.shape[1:])
        order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
        for rows in order.split(5):
            part = two_views(every[rows], settings, None, SampleRNG(7, 3, rows)).view(2, len(rows), *every.shape[1:])
            assert torch.allclose(part, whole[:, rows], atol=1e-6)
        other_epoch = two_views(every, settings, None, SampleRNG(7, 4, torch.arange(12))).view_as(whole)
        assert not torch.allclose(other_epoch, whole, atol=0.1) and not torch.allclose(whole[0], whole[1], atol=0.1)


def test_one_branch_only_leaves_the_other_alone():
    crop, colour_op = {"name": "crop"}, {"name": "colour", "p": 1, "strength": 1}
    same = two_views(images(), [crop], None, rng())
    seen = two_views(images(), [crop, colour_op], [crop], rng())
    assert torch.allclose(seen[6:], same[6:], atol=1e-6) and not torch.allclose(seen[:6], same[:6], atol=0.1)
    assert seen.is_contiguous(memory_format=torch.channels_last)


def test_two_branches_of_different_sizes_are_refused():
    with pytest.raises(UserError, match="16x16 and 32x32; give both the same crop `size`"):
        two_views(images(), [{"name": "crop", "size": 16}], [{"name": "crop"}], rng())


def test_no_operation_at_all_gives_a_copy():
    given = images()
    seen = augment(given, [], rng())
    assert torch.equal(seen, given) and seen.data_ptr() != given.data_ptr()


@pytest.mark.parametrize(
    "settings",
    [
        EVERYTHING,
        [{"name": "noise"}],
        [{"name": "colour"}, {"name": "grey"}],
        [],
        [{"name": "crop"}, {"name": "sobel"}],
    ],
)
def test_draws_for_several_views_give_all_of_them(settings):
    several = rng().split(3)
    expected = augment(torch.cat([images()] * 3), settings, several)
    assert torch.allclose(augment(images(), settings, several), expected, atol=1e-6)
