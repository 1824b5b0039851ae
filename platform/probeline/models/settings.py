"""Parameters of every encoder. Torch-free, for planning."""

from typing import Annotated

from probeline.core.settings import NotHashed, Settings


class EncoderSettings(Settings):
    """Base of an encoder's `Config`.

    `weights`: a local checkpoint to start from, of Probeline's, timm's or torchvision's (`.safetensors`, `.pth`,
    `.pt`). Its content, not its path, is part of the trial's id.
    """

    weights: Annotated[str | None, NotHashed] = None
