"""Square patches of images: at given positions, or on a grid."""

import torch
from torch import Tensor


def cut(images: Tensor, row: Tensor, column: Tensor, side: int) -> Tensor:
    """images: [B, C, H, W] -> patches [V * B, C, side, side], view-major, channels_last.

    row, column: int64 [B, V], of the patches' first pixels.
    """
    steps = torch.arange(side, device=images.device)
    rows = (row.T.flatten()[:, None] + steps)[:, :, None]
    columns = (column.T.flatten()[:, None] + steps)[:, None, :]
    sample = torch.arange(len(images), device=images.device).repeat(row.shape[1])[:, None, None]
    return images.permute(0, 2, 3, 1)[sample, rows, columns].permute(0, 3, 1, 2)


def grid(images: Tensor, side: int, stride: int) -> Tensor:
    """images: [B, C, H, W] -> the patches of an overlapping grid, [R * K * B, C, side, side], row by row of the grid.

    Row (r K + k) B + b is the patch of image b at row r, column k of the grid.
    """
    patches = images.unfold(2, side, stride).unfold(3, side, stride)  # [B, C, R, K, side, side]
    return patches.permute(2, 3, 0, 1, 4, 5).flatten(0, 2).contiguous(memory_format=torch.channels_last)
