"""Turn an image by quarters, exactly: one of the operations of SimCLR's figure 5 (arXiv:2002.05709)."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op
from probeline.errors import UserError


class Config(Op):
    """Figure 4 of the paper shows 90, 180 and 270 degrees."""

    quarters: list[Annotated[int, Field(ge=0, le=3)]] = Field(
        [1, 2, 3], min_length=1, description="Counter-clockwise quarters, each as likely as the others."
    )


def rotate(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> the same shape. Raises UserError where a quarter would change it."""
    if images.shape[2] != images.shape[3] and any(quarter % 2 for quarter in config.quarters):
        raise UserError(
            f"augmentation rotate: images are {tuple(images.shape[2:])} and a quarter turn keeps the shape of squares "
            "only; set quarters: [2], or crop with a `size` before it"
        )
    choice = rng.integers(len(config.quarters), 1)[:, :, None, None]
    turned = images
    for number, quarter in enumerate(config.quarters):
        turned = torch.where(choice == number, torch.rot90(images, quarter, (2, 3)), turned)
    return turned
