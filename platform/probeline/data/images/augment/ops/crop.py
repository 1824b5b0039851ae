"""Crop a random box and resize it, antialiased bilinear: Inception's crop, torchvision's RandomResizedCrop.

SimCLR (arXiv:2002.05709), appendix A. `size` gives the views a side of their own, as in multi-crop (M. Caron et al.,
"Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", arXiv:2006.09882, section 3.3).
A sample that is not cropped is resized as a whole.
"""

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, ascending
from probeline.data.images.augment import boxes, resampling
from probeline.data.images.augment.fused import LINEAR_MAPS
from probeline.data.images.augment.settings import Area, Ratio

FUSED_BY = LINEAR_MAPS


class Config(Op):
    """Defaults are SimCLR's."""

    scale: tuple[Area, Area] = Field((0.08, 1.0), description="Range of the crop's share of the image's area.")
    ratio: tuple[Ratio, Ratio] = Field((3 / 4, 4 / 3), description="Range of the crop's width over its height.")
    size: int | None = Field(None, ge=1, description="Side of the square views; null keeps the images' size.")

    @model_validator(mode="after")
    def _ranges_ascend(self) -> Self:
        ascending("scale", self.scale)
        ascending("ratio", self.ratio)
        return self


def crop(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> [B, C, size, size], or [B, C, H, W] without `size`."""
    rows, columns = images.shape[2:]
    box = boxes.sample(rng.uniform(boxes.DRAWS), (rows, columns), config.scale, config.ratio)
    down = resampling.resize_matrix(resampling.Span(box.top, box.height), rows, config.size or rows)
    across = resampling.resize_matrix(resampling.Span(box.left, box.width), columns, config.size or columns)
    return torch.einsum("bih,bchw,bjw->bcij", down, images, across)
