"""The four quarter turns of every image, exact: flips and transposes only.

S. Gidaris, P. Singh, N. Komodakis, "Unsupervised Representation Learning by Predicting Image Rotations", ICLR 2018,
arXiv:1803.07728, section 3.1.
"""

import torch
from torch import Tensor


def quarter_turns(images: Tensor) -> tuple[Tensor, Tensor]:
    """images: [B, C, S, S] -> turned images [4B, C, S, S], channels_last, and labels [4B].

    Row k B + i is image i turned counter-clockwise by k quarters, its label k. Raises ValueError for images not square.
    """
    if images.shape[2] != images.shape[3]:
        raise ValueError(f"images are {tuple(images.shape[2:])}: a quarter turn keeps the shape of squares only")
    across = images.transpose(2, 3)
    turned = torch.cat([images, across.flip(2), images.flip((2, 3)), across.flip(3)])
    labels = torch.arange(4, device=images.device).repeat_interleave(len(images))
    return turned.contiguous(memory_format=torch.channels_last), labels
