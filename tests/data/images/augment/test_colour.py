import pytest
import torch
from probeline.data.images.augment import colour
from probeline.data.images.augment.ops.colour import Config
from torchvision.transforms.v2 import functional as tv

# Muted colours: nothing below leaves [0, 1], so that torchvision clamps nothing.
IMAGE = 0.4 + 0.2 * torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def apply(image: torch.Tensor, brightness=1.0, contrast=1.0, saturation=1.0, hue=0.0) -> torch.Tensor:
    factors = colour.Factors(*(torch.tensor([float(value)]) for value in (brightness, contrast, saturation, hue)))
    channels = image.shape[1]
    luma = image.mean((2, 3)) @ colour.luma_weights(channels, image.device)
    matrix, offset = colour.affine(factors, luma, channels)
    return torch.einsum("bij,bjhw->bihw", matrix, image) + offset[:, None, None, None]


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.4])
def test_brightness_contrast_and_saturation_agree_with_torchvision(factor):
    # torchvision's luma weighs red by 0.2989, so that its weights sum to 0.9999
    assert torch.allclose(apply(IMAGE, brightness=factor), tv.adjust_brightness(IMAGE, factor), atol=1e-6)
    assert torch.allclose(apply(IMAGE, contrast=factor), tv.adjust_contrast(IMAGE, factor), atol=1e-4)
    assert torch.allclose(apply(IMAGE, saturation=factor), tv.adjust_saturation(IMAGE, factor), atol=1e-4)


def test_a_chain_in_torchvision_in_any_order_gives_the_one_matrix():
    expected = apply(IMAGE, 1.1, 0.8, 1.3)
    steps = [(tv.adjust_brightness, 1.1), (tv.adjust_contrast, 0.8), (tv.adjust_saturation, 1.3)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)):
        image = IMAGE
        for step in order:
            image = steps[step][0](image, steps[step][1])
        assert torch.allclose(image, expected, atol=2e-4)


def test_no_saturation_is_grey():
    grey = apply(IMAGE, saturation=0.0)
    assert torch.allclose(grey, tv.rgb_to_grayscale(IMAGE, num_output_channels=3), atol=1e-4)
    assert torch.allclose(grey, apply(IMAGE, saturation=0.0, hue=0.2), atol=1e-6)


def test_the_hue_keeps_luma_and_grey_and_comes_round():
    luma = torch.tensor(colour.LUMA)
    turned = apply(IMAGE, hue=0.1)
    assert torch.allclose(
        torch.einsum("c,bchw->bhw", luma, turned), torch.einsum("c,bchw->bhw", luma, IMAGE), atol=1e-6
    )
    grey = IMAGE[:, :1].expand_as(IMAGE)
    assert torch.allclose(apply(grey, hue=0.37), grey, atol=1e-6)
    assert torch.allclose(apply(IMAGE, hue=1.0), IMAGE, atol=1e-6)


def test_the_hue_turns_the_way_torchvisions_does():
    for hue in (-0.1, -0.03, 0.03, 0.1):
        ours, theirs = apply(IMAGE, hue=hue) - IMAGE, tv.adjust_hue(IMAGE, hue) - IMAGE
        cosine = torch.nn.functional.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0)
        assert cosine > 0.6


@pytest.mark.parametrize("channels", [1, 2])
def test_without_three_channels_saturation_and_hue_do_nothing(channels):
    image = IMAGE[:, :channels]
    assert torch.allclose(apply(image, saturation=0.0, hue=0.3), image)
    expected = 1.2 * (0.7 * image + 0.3 * image.mean())
    assert torch.allclose(apply(image, 1.2, 0.7), expected, atol=1e-6)


def draw(config: Config, count: int = 4000) -> colour.Factors:
    return colour.sample(torch.rand(count, colour.DRAWS, generator=torch.Generator().manual_seed(0)), config)


def test_factors_have_the_ranges_of_color_jitter():
    factors = draw(Config(strength=0.5))
    for values in (factors.brightness, factors.contrast, factors.saturation):
        assert values.min() >= 0.6 and values.max() <= 1.4 and values.std() == pytest.approx(0.8 / 12**0.5, rel=0.05)
    assert factors.hue.abs().max() <= 0.1 and factors.hue.mean().abs() < 0.005
    assert draw(Config(strength=2.0)).brightness.min() >= 0
    assert draw(Config(strength=2.5, hue=0.5)).hue.abs().max() <= 0.5


def test_each_range_is_its_own():
    factors = draw(Config(strength=1, brightness=0, contrast=0.1, saturation=0.3, hue=0))
    assert factors.brightness.unique().tolist() == [1] and factors.hue.abs().max() == 0
    assert 0.09 < factors.contrast.max() - 1 <= 0.1 and 0.27 < factors.saturation.max() - 1 <= 0.3


def test_only_the_chosen_are_changed():
    factors, chosen = draw(Config(strength=1), 6), torch.tensor([True, False] * 3)
    jittered = factors.where(chosen)
    assert torch.equal(jittered.brightness[::2], factors.brightness[::2]) and jittered.brightness[1::2].eq(1).all()
    assert torch.equal(jittered.hue[::2], factors.hue[::2]) and jittered.hue[1::2].eq(0).all()
    greyed = factors.greyed(chosen)
    assert greyed.saturation[::2].eq(0).all() and torch.equal(greyed.saturation[1::2], factors.saturation[1::2])
