import pytest
import torch
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.pipeline import steps
from probeline.data.augment.steps import Single
from probeline.data.augment.views import augment
from probeline.data.images.augment.fused import ORDER, Fused
from probeline.data.images.augment.settings import Augment
from probeline.errors import UserError
from probeline.plugins import catalog

DRAWS = SampleRNG(0, 0, torch.arange(32))
IMAGES = torch.rand(32, 3, 24, 33, generator=torch.Generator().manual_seed(0))
STANDARD = Augment(blur=0.5, strength=1.0).operations()
BIG_BLUR = {"name": "blur", "kernel": 0.4}


def one_by_one(components: list[dict], clamped: bool = False) -> torch.Tensor:
    """The operations after each other, each by its own function, clamped at the end only, or after each."""
    images = IMAGES
    for component in (one for one in components if one.get("p") != 0):
        (step,) = steps([component])
        own = DRAWS.fold_in(component["name"])
        augmented = step.function(images, step.member.config, own)
        chosen = own.uniform(1, "coin")[:, 0] < step.member.config.p
        assert augmented.shape == images.shape or chosen.all()
        images = augmented if chosen.all() else torch.where(chosen[:, None, None, None], augmented, images)
        images = images.clamp(0, 1) if clamped else images
    return images.clamp(0, 1)


@pytest.mark.parametrize(
    "components",
    [
        STANDARD,
        Augment(grey=1.0, jitter=0.0).operations(),
        [{"name": "crop", "p": 0.5}, {"name": "flip", "axis": "vertical", "p": 1}, BIG_BLUR],
        [{"name": "crop", "size": 17}, {"name": "colour", "p": 0.5, "strength": 2}, {**BIG_BLUR, "p": 1}],
        [{"name": "flip", "p": 0.5}, {"name": "grey", "p": 0.5}],
        [{"name": "colour", "p": 0.5}, {"name": "grey", "p": 0.5}],
        [{"name": "colour", "p": 1, "strength": 1}, {**BIG_BLUR, "p": 0.5}],
    ],
)
def test_fused_operations_give_the_numbers_of_each_on_its_own(components):
    (step,) = steps(components)
    assert isinstance(step, Fused)
    assert torch.allclose(augment(IMAGES, components, DRAWS), one_by_one(components), atol=2e-6)


def test_clamping_after_each_operation_would_change_little():
    """On noise, whose values lie nearer to 0 and 1 than an image's: by no more than a hundredth on average."""
    apart = (augment(IMAGES, STANDARD, DRAWS) - one_by_one(STANDARD, clamped=True)).abs()
    assert 0 < apart.mean() < 0.01


@pytest.mark.parametrize("settings", [Augment(), Augment(blur=0.5, flip=0.0), Augment(crop_scale=(0.5, 0.7), grey=1)])
def test_the_preset_is_the_list_that_it_stands_for(settings):
    assert torch.equal(augment(IMAGES, settings, DRAWS), augment(IMAGES, settings.operations(), DRAWS))


def test_the_list_is_cut_where_operations_do_not_follow_the_fused_order():
    crop, flip, colour, noise = ({"name": name} for name in ("crop", "flip", "colour", "noise"))
    kinds = [type(step) for step in steps([flip, crop, flip, colour, noise, colour, crop])]
    assert kinds == [Single, Fused, Single, Single, Single]
    assert set(ORDER) <= set(catalog.names("augmentations"))


def test_first_and_second_are_not_the_same_as_second_and_first():
    crop, sobel = {"name": "crop"}, {"name": "sobel"}
    there, back = augment(IMAGES, [crop, sobel], DRAWS), augment(IMAGES, [sobel, crop], DRAWS)
    assert torch.allclose(there, augment(augment(IMAGES, [crop], DRAWS), [sobel], DRAWS), atol=1e-6)
    assert torch.allclose(back, augment(augment(IMAGES, [sobel], DRAWS), [crop], DRAWS), atol=1e-6)
    assert not torch.allclose(there, back, atol=0.05)


def test_another_operation_before_it_leaves_an_operations_draws_alone():
    crop, flip = {"name": "crop"}, {"name": "flip", "p": 0.5}
    cutout = {"name": "cutout", "scale": [0.02, 0.02], "fill": 0.5}
    alone, after = augment(IMAGES, [crop, flip], DRAWS), augment(IMAGES, [crop, flip, cutout], DRAWS)
    same = (alone == after).float().mean()
    assert same > 0.9


def test_the_same_operation_twice_is_drawn_twice():
    once = augment(IMAGES, [{"name": "noise"}], DRAWS) - IMAGES
    twice = augment(IMAGES, [{"name": "noise"}, {"name": "noise"}], DRAWS) - IMAGES
    middle = ((IMAGES > 0.4) & (IMAGES < 0.6)).expand_as(once)  # nothing is clamped there
    assert twice[middle].std() == pytest.approx(2**0.5 * once[middle].std().item(), rel=0.05)


def test_a_size_holds_for_samples_that_are_not_cropped():
    seen = augment(IMAGES, [{"name": "crop", "size": 12, "p": 0.0}], DRAWS)
    expected = torch.nn.functional.interpolate(IMAGES, (12, 12), mode="bilinear", antialias=True)
    assert torch.allclose(seen, expected, atol=1e-5)
    fused = augment(IMAGES, [{"name": "crop", "size": 12, "p": 0.0}, {"name": "flip", "p": 1}], DRAWS)
    assert torch.allclose(fused, expected.flip(3), atol=1e-5)


def test_an_operation_of_ones_own_is_a_file_with_a_dotted_name(tmp_path, monkeypatch):
    source = (
        '"""Invert."""\nfrom probeline.data.augment.settings import Op\n\n\nclass Config(Op):\n    "None."\n\n\n'
        "def invert(images, config, draws):\n    return 1 - images\n"
    )
    (tmp_path / "own_ops").mkdir()
    (tmp_path / "own_ops/invert.py").write_text(source)
    (tmp_path / "own_ops/broken.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    assert torch.allclose(augment(IMAGES, [{"name": "own_ops.invert"}], DRAWS), 1 - IMAGES)
    with pytest.raises(UserError, match=r"broken\.py: it has no function 'broken'"):
        augment(IMAGES, [{"name": "own_ops.broken"}], DRAWS)
