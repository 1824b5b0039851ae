"""Random views of a batch of any kind of samples: every sample with its own parameters, on the inputs' own device."""

import torch
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.pipeline import Operations, steps
from probeline.data.augment.steps import is_image, repeated
from probeline.errors import UserError


@torch.no_grad()
def two_views(
    inputs: Tensor, one: Operations, other: Operations | None, rng: SampleRNG, lengths: Tensor | None = None
) -> Tensor:
    """inputs: [B, ...] -> views [2B, ...], first those by `one`, then those by `other`, None for the same.

    Raises UserError where the two give views of different sizes.
    """
    both, count = rng.split(2), len(inputs)
    if other is None:
        return augment(inputs, one, both, lengths)
    first, second = augment(inputs, one, both[:count], lengths), augment(inputs, other, both[count:], lengths)
    if first.shape != second.shape:
        sizes = " and ".join("x".join(map(str, each.shape[2 if is_image(each) else 1 :])) for each in (first, second))
        raise UserError(f"augment, augment_other: views of {sizes}; give both the same crop `size`")
    return torch.cat([first, second])


@torch.no_grad()
def augment(inputs: Tensor, settings: Operations, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """Draws for V views of each of B samples -> float32 [V * B, ...], all of one view after the other.

    Operations are applied in their order. Each draws by its name (its second occurrence by another): to add, drop or
    change one leaves the numbers of the others as they were. Computes in float32, also under autocast.

    Images have the views' size unless an operation gives another, and are channels_last. Those operations of images
    that stand in the order crop, flip, colour, grey, blur act as one linear map and are clamped once after it
    (`data/images/augment/fused.py` says what that changes); every other one is clamped on its own.

    Args:
        inputs: Images [B, C, H, W] in [0, 1], waveforms [B, T], series [B, T, F], vectors [B, F], or tokens int64
            [B, T], for which there are no operations.
        settings: Operations `{name: ..., parameters}` in their order, or parameters that stand for such a list.
        lengths: int64 [B], how much of each sample is real; None: all. Padding stays 0.
    """
    with torch.autocast(inputs.device.type, enabled=False):
        work = steps(settings)
        views = inputs.float() if inputs.is_floating_point() else inputs
        own_lengths = None if lengths is None else repeated(lengths, len(rng))
        if not (work and work[0].repeats):
            views = repeated(views, len(rng))
        for step in work:
            views = step(views, rng, own_lengths)
        if is_image(views):
            views = views.contiguous(memory_format=torch.channels_last)
    return views.clone() if views.data_ptr() == inputs.data_ptr() else views
