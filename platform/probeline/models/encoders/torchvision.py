"""Any classifier of torchvision by name, without its last layer: `torchvision/resnet18`, `torchvision/convnext_tiny`.

Pixels are normalised with ImageNet's mean and deviation, as torchvision's own weights expect.
"""

from pydantic import Field
from torch import nn

from probeline.core.encoder import Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.models.normalise import Normalised
from probeline.models.settings import EncoderSettings


class Config(EncoderSettings):
    """`options`: passed to the model's constructor, for example `{image_size: 32}` for a vision transformer."""

    variant: str = Field(min_length=1)
    options: dict[str, int | float | str | bool] = Field(default_factory=dict)


MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The model without its classifier, untrained unless `weights` names a file: [B, 3, H, W] in, h [B, dim] out.

    Raises:
        UserError: torchvision knows no such model, or the images have not three channels.
    """
    from torchvision import models

    if config.variant not in models.list_models(module=models):
        near = models.list_models(module=models, include=f"*{config.variant.split('_')[0]}*")[:5]
        raise UserError(f"torchvision knows no model {config.variant!r}; near: {', '.join(near) or 'none'}")
    if sample.channels != 3:
        raise UserError(f"torchvision/{config.variant} takes 3 channels, the data have {sample.channels}; use resnet")
    model = models.get_model(config.variant, weights=None, **config.options)
    return Normalised(model, without_classifier(model), MEAN, STD)


def without_classifier(model: nn.Module) -> int:
    """Replaces the model's last linear layer by the identity; returns the size of what now comes out."""
    name, last = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]
    parent, _, child = name.rpartition(".")
    setattr(model.get_submodule(parent), child, nn.Identity())
    return last.in_features
