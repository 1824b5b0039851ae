"""The size of a method's views, and whether an encoder takes patches, checked before the first step."""

import torch

from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment
from probeline.data.images.augment.settings import Augmentation
from probeline.errors import UserError


def view_shape(settings: Augmentation, facts: DatasetInfo) -> tuple[int, int, int]:
    """(C, H, W) of what `augment` makes of the data's images [H, W, C]."""
    height, width, channels = (side or 1 for side in facts.sample.shape)
    blank = torch.zeros(1, channels, height, width)
    view = augment(blank, settings, SampleRNG(0, 0, torch.zeros(1, dtype=torch.int64)))
    return view.shape[1], view.shape[2], view.shape[3]


@torch.no_grad()
def require_patches(encoder: Encoder, shape: tuple[int, int, int], method: str) -> None:
    """Checks that the encoder's h of patches of `shape` (C, H, W) has `dim` numbers; `method` begins the message.

    Raises:
        UserError: the encoder takes no patches of that size, or its h of them has another size.
    """
    training, device = encoder.training, next((weight.device for weight in encoder.parameters()), None)
    size = "x".join(map(str, shape[1:]))
    remedy = "use an encoder for images of any size, such as resnet, or larger patches"
    try:
        h_shape = encoder.eval()(torch.zeros(2, *shape, device=device)).h.shape
    except (RuntimeError, AssertionError, ValueError) as error:
        raise UserError(f"method {method}: the encoder does not take patches of {size} ({error}); {remedy}") from error
    finally:
        encoder.train(training)
    if h_shape != (2, encoder.dim):
        raise UserError(
            f"method {method}: the encoder's h of a patch of {size} has {h_shape[-1]} numbers, of an image "
            f"{encoder.dim}; {remedy}"
        )
