"""The spatial map under a convolutional encoder's h: what global average pooling averages."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from probeline.core.encoder import Encoder
from probeline.errors import UserError


@torch.no_grad()
def find_map(encoder: Encoder, shape: tuple[int, int, int], method: str) -> tuple[str, tuple[int, int]]:
    """Name of the encoder's module whose output [B, dim, h, w] has h as its mean over positions, and its (h, w).

    `shape`: (C, H, W) of the images.

    Raises:
        UserError: there is no such module, as in encoders without convolutions or with a norm after pooling.
    """
    outputs: dict[str, Tensor] = {}

    def recorder(name: str) -> Callable[[nn.Module, Any, Any], None]:
        return lambda module, args, output: outputs.update({name: output}) if isinstance(output, Tensor) else None

    handles = [module.register_forward_hook(recorder(name)) for name, module in encoder.named_modules() if name]
    training = encoder.training
    device = next((weight.device for weight in encoder.parameters()), None)
    images = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0)).to(device)
    try:
        h = encoder.eval()(images).h
    finally:
        encoder.train(training)
        for handle in handles:
            handle.remove()
    maps = {name: output for name, output in reversed(outputs.items()) if _averages_to(output, h)}
    if maps:  # the pooling itself may be one, with a single position
        name = max(maps, key=lambda name: maps[name].shape[2:].numel())
        return name, (maps[name].shape[2], maps[name].shape[3])
    raise UserError(
        f"method {method}: this encoder's h is not the mean over a map of features, so there are no positions to "
        "give codes to; use resnet, or a convolutional encoder with average pooling last"
    )


def _averages_to(output: Tensor, h: Tensor) -> bool:
    """Whether `output` is a map [B, dim, h, w] with the mean `h` [B, dim]."""
    if output.ndim != 4 or output.shape[:2] != h.shape:
        return False
    return torch.allclose(output.mean((2, 3)), h, rtol=1e-3, atol=1e-5)


def with_map(encoder: Encoder, name: str, images: Tensor) -> tuple[Tensor, Tensor]:
    """h [B, dim] and the map [B, dim, h, w] of the module `name`, of one pass."""
    maps: list[Tensor] = []
    handle = encoder.get_submodule(name).register_forward_hook(lambda module, args, output: maps.append(output))
    try:
        h = encoder(images).h
    finally:
        handle.remove()
    return h, maps[-1]
