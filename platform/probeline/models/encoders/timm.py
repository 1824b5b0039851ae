"""Any backbone of timm by name: `timm/resnet18`, `timm/vit_tiny_patch16_224`.

Needs the extra: pip install 'probeline[timm]'. Pixels are normalised as the model's own configuration says.
"""

from typing import Any

from pydantic import Field

from probeline.core.encoder import Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.models.normalise import Normalised
from probeline.models.settings import EncoderSettings


class Config(EncoderSettings):
    """`options`: passed to `timm.create_model`, for example `{img_size: 32}`."""

    variant: str = Field(min_length=1)
    options: dict[str, int | float | str | bool] = Field(default_factory=dict)


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The model without its classifier, untrained unless `weights` names a file: [B, C, H, W] in, h [B, dim] out.

    Raises:
        UserError: timm is not installed, or knows no such model.
    """
    try:
        import timm
    except ModuleNotFoundError:
        raise UserError(f"encoder timm/{config.variant} needs timm: pip install 'probeline[timm]'") from None
    if not timm.is_model(config.variant):
        near = timm.list_models(f"*{config.variant.split('_')[0]}*")[:5]
        raise UserError(f"timm knows no model {config.variant!r}; near: {', '.join(near) or 'none'}")
    options: dict[str, Any] = {**config.options}
    model: Any = timm.create_model(config.variant, num_classes=0, in_chans=sample.channels, **options)
    mean, std = model.pretrained_cfg["mean"], model.pretrained_cfg["std"]
    if sample.channels != 3:
        return Normalised(model, model.num_features)
    return Normalised(model, model.num_features, mean, std)
