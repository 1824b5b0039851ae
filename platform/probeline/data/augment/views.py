"""Random views of a batch of images: every sample with its own parameters, on the images' own device.

Per sample there are two resampling matrices (crop, resize, flip, blur) and one colour matrix, so that a batch takes two
batched products for the geometry and one for the colour, and nothing waits for the device.
"""

import torch
from torch import Tensor

from probeline.data.augment import boxes, colour, resampling
from probeline.data.augment.settings import Augment

BLUR_SIGMA = (0.1, 2.0)  # SimCLR, appendix A
CPU_CHUNK = 2**18  # values worked on at a time, 1 MiB
COLUMNS = [boxes.DRAWS, 1, colour.DRAWS, 2]  # uniform numbers a sample takes: box, flip, colour, blur


@torch.no_grad()
def augment(images: Tensor, settings: Augment, generator: torch.Generator) -> Tensor:
    """images: [B, C, H, W] in [0, 1], generator on their device -> as many views of the same size, channels_last.

    Whatever the settings, a sample takes the same share of the generator's numbers: changing one probability leaves the
    crops as they were. Computes in float32, also under autocast.
    """
    with torch.autocast(images.device.type, enabled=False):
        uniform = torch.rand(len(images), sum(COLUMNS), generator=generator, device=images.device)
        box_draws, flip_draws, colour_draws, blur_draws = uniform.split(COLUMNS, dim=1)
        down, across = _geometry(images.shape[2:], settings, box_draws, flip_draws, blur_draws)
        factors = colour.sample(colour_draws, settings)
        views = torch.empty_like(images, dtype=torch.float32, memory_format=torch.channels_last)
        for rows in _chunks(images):
            views[rows] = _apply(images[rows].float(), down[rows], across[rows], factors[rows])
        return views


def _chunks(images: Tensor) -> list[slice]:
    """On the CPU, stretches of the batch whose intermediate tensors stay in its cache: 1.7 times faster on 2 cores."""
    step = len(images) if images.is_cuda else CPU_CHUNK // max(1, images[:1].numel())
    return [slice(start, start + max(1, step)) for start in range(0, len(images), max(1, step))]


def _geometry(
    size: tuple[int, int], settings: Augment, box_draws: Tensor, flip_draws: Tensor, blur_draws: Tensor
) -> tuple[Tensor, Tensor]:
    """Resampling matrices down the rows [B, H, H] and across the columns [B, W, W]."""
    rows, columns = size
    box = boxes.sample(box_draws, size, settings.crop_scale, settings.crop_ratio)
    flipped = flip_draws[:, 0] < settings.flip
    down = resampling.resize_matrix(resampling.Span(box.top, box.height), rows, rows)
    across = resampling.resize_matrix(resampling.Span(box.left, box.width, flipped), columns, columns)
    if settings.blur == 0 or resampling.blur_radius(min(size)) == 0:
        return down, across
    low, high = BLUR_SIGMA
    sigma = torch.where(blur_draws[:, 0] < settings.blur, low + (high - low) * blur_draws[:, 1], 0.0)
    blurs = [resampling.blur_matrix(sigma, side) for side in size]
    return torch.bmm(blurs[0], down), torch.bmm(blurs[1], across)


def _apply(images: Tensor, down: Tensor, across: Tensor, factors: colour.Factors) -> Tensor:
    """The two resamplings with the colour between them: rows of a resampling sum to one, so the order is free."""
    batch, channels, rows, columns = images.shape
    flat = images.permute(0, 2, 3, 1).reshape(batch, rows, columns * channels)  # no copy of channels_last images
    tall = torch.bmm(down, flat)
    mean = torch.einsum("bwc,bw->bc", tall.mean(1).view(batch, columns, channels), across.mean(1))
    luma = mean @ colour.luma_weights(channels, mean.device)
    matrix, offset = colour.affine(factors, luma, channels)
    planes = tall.view(batch, rows, columns, channels).permute(0, 3, 1, 2).reshape(batch, channels, rows * columns)
    toned = torch.baddbmm(offset[:, None, None], matrix, planes)
    wide = torch.bmm(toned.view(batch, channels * rows, columns), across.transpose(1, 2))
    return wide.clamp_(0, 1).view(batch, channels, rows, columns)
