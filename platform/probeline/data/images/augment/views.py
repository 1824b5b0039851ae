"""Random views of a batch of images: every sample with its own parameters, on the images' own device."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.images.augment.fused import Fused, repeated
from probeline.data.images.augment.pipeline import steps
from probeline.data.images.augment.settings import Augment
from probeline.errors import UserError

Operations = Augment | Sequence[dict[str, Any]]


@torch.no_grad()
def two_views(images: Tensor, one: Operations, other: Operations | None, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> views [2B, C, h, w], first those by `one`, then those by `other`, None for the same.

    Raises UserError where the two give views of different sizes.
    """
    both = rng.split(2)
    if other is None:
        return augment(images, one, both)
    first, second = augment(images, one, both[: len(images)]), augment(images, other, both[len(images) :])
    if first.shape != second.shape:
        sizes = " and ".join(f"{each.shape[2]}x{each.shape[3]}" for each in (first, second))
        raise UserError(f"augment, augment_other: views of {sizes}; give both the same crop `size`")
    return torch.cat([first, second])


@torch.no_grad()
def augment(images: Tensor, settings: Operations, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] in [0, 1], draws for V views of each -> [V * B, C, h, w] in [0, 1], float32, channels_last.

    `settings`: SimCLR's parameters, or operations `{name: ..., parameters}` in their order. The views have the images'
    size unless an operation gives another. Operations are applied in their order. Those that stand in the order crop,
    flip, colour, grey, blur act as one linear map and are clamped once after it (`fused` says what that changes); every
    other one is clamped on its own.

    An operation draws by its name (its second occurrence by another): to add, drop or change one leaves the numbers of
    the others as they were. Computes in float32, also under autocast.
    """
    with torch.autocast(images.device.type, enabled=False):
        work = steps(settings)
        views = images.float()
        if not (work and isinstance(work[0], Fused)):  # which repeats them as it goes
            views = repeated(views, len(rng))
        for step in work:
            views = step(views, rng)
        views = views.contiguous(memory_format=torch.channels_last)
    return views.clone() if views.data_ptr() == images.data_ptr() else views
