"""Each operation's views are distributed as torchvision's, or as an independent formula's, on the same photograph."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment
from probeline.plugins.declarations import fitting
from scipy import ndimage
from scipy.stats import ks_2samp
from skimage import data
from torchvision.transforms import v2

COUNT = 600
PHOTO = torch.from_numpy(data.astronaut()[0:256:8, 96:352:8].copy()).permute(2, 0, 1)[None].float() / 255
MUTED = 0.4 + 0.2 * PHOTO  # nothing below leaves [0, 1], so that torchvision clamps nothing
JITTER = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4}

THEIRS: dict[str, tuple[dict, torch.Tensor, Callable]] = {
    "crop": ({"name": "crop"}, PHOTO, v2.RandomResizedCrop(32, (0.08, 1), antialias=True)),
    "multi-crop": (
        {"name": "crop", "scale": [0.05, 0.14], "size": 12},
        PHOTO,
        v2.RandomResizedCrop(12, (0.05, 0.14), antialias=True),
    ),
    "flip": ({"name": "flip", "p": 0.3}, PHOTO, v2.RandomHorizontalFlip(0.3)),
    "flip down": ({"name": "flip", "p": 0.3, "axis": "vertical"}, PHOTO, v2.RandomVerticalFlip(0.3)),
    "colour": ({"name": "colour", "p": 1, "strength": 0.5, "hue": 0}, MUTED, v2.ColorJitter(**JITTER)),
    "grey": ({"name": "grey", "p": 0.2}, PHOTO, v2.RandomGrayscale(0.2)),
    "blur": ({"name": "blur", "p": 1, "kernel": 0.3}, PHOTO, v2.GaussianBlur(9, (0.1, 2.0))),
    "noise": ({"name": "noise", "std": 0.1}, PHOTO, v2.GaussianNoise(0.0, 0.1)),
    "cutout": ({"name": "cutout", "p": 0.7}, PHOTO, v2.RandomErasing(0.7)),
    "rotate": (
        {"name": "rotate"},
        PHOTO,
        v2.RandomChoice([v2.RandomRotation((angle, angle)) for angle in (90, 180, 270)]),
    ),
    "solarize": ({"name": "solarize", "p": 0.2, "threshold": 0.5}, PHOTO, v2.RandomSolarize(0.5, 0.2)),
}


def ours(image: torch.Tensor, component: dict, count: int = COUNT) -> torch.Tensor:
    return augment(image.expand(count, -1, -1, -1), [component], SampleRNG(0, 0, torch.arange(count)))


def theirs(image: torch.Tensor, transform: Callable, count: int = COUNT) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.cat([transform(image) for _ in range(count)])


def statistics(views: torch.Tensor) -> dict[str, np.ndarray]:
    """[N] each: moments, colours, quantiles, places."""
    flat, side = views.flatten(1), views.shape[3]
    values = {
        "mean": flat.mean(1),
        "std": flat.std(1),
        "red": views[:, 0].mean((1, 2)),
        "blue": views[:, 2].mean((1, 2)),
    }
    values |= {f"quantile {q}": flat.quantile(q, dim=1) for q in (0.1, 0.5, 0.9)}
    values |= {"left": views[..., : side // 2].mean((1, 2, 3)), "corner": views[:, 1, 0, 0]}
    values["slope"] = (views[..., 1:] - views[..., :-1]).abs().mean((1, 2, 3))
    # Smoothed, as torchvision's luma weights sum to 0.9999 and few operations have a continuum of outcomes.
    smooth = np.random.default_rng(int(flat.sum().item()))
    return {name: value.double().numpy() + smooth.normal(0, 0.002, len(value)) for name, value in values.items()}


@pytest.mark.parametrize("case", THEIRS)
def test_views_are_distributed_as_torchvisions(case):
    component, image, transform = THEIRS[case]
    mine, others = statistics(ours(image, component)), statistics(theirs(image, transform))
    for name, values in mine.items():
        assert ks_2samp(values, others[name], method="asymp").pvalue > 1e-3, name


def test_the_whole_colour_jitter_differs_from_torchvisions_by_little():
    # Ours turns the hue in YIQ and clamps once at the end; torchvision turns it in HSV and clamps after each step.
    mine = statistics(ours(PHOTO, {"name": "colour", "p": 1, "strength": 0.5}, 1500))
    others = statistics(theirs(PHOTO, v2.ColorJitter(0.4, 0.4, 0.4, 0.1), 1500))
    for name in ("mean", "std", "red", "blue", "quantile 0.1", "quantile 0.5", "quantile 0.9"):
        assert mine[name].mean() == pytest.approx(others[name].mean(), abs=0.025), name
        assert mine[name].std() == pytest.approx(others[name].std(), rel=0.2, abs=0.01), name


def test_sobel_is_scipys_gradient():
    expected = [
        np.hypot(*(ndimage.sobel(channel.double().numpy(), axis, mode="nearest") / 4 for axis in (0, 1)))
        for channel in PHOTO[0]
    ]
    assert np.allclose(ours(PHOTO, {"name": "sobel"}, 1)[0].numpy(), np.clip(expected, 0, 1), atol=1e-5)


def test_no_operation_is_left_without_a_comparison():
    compared = {component["name"] for component, _, _ in THEIRS.values()} | {
        "sobel",
        "affine",
    }  # of affine: `test_affine.py`
    assert compared >= set(fitting("augmentations", "image"))
