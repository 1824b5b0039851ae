"""How views are made: SimCLR's augmentation by its parameters, or a list of operations. Torch-free, for planning.

T. Chen, S. Kornblith, M. Norouzi, G. Hinton, "A Simple Framework for Contrastive Learning of Visual Representations",
ICML 2020, arXiv:2002.05709, appendix A.
"""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from probeline.core.sample_spec import SampleSpec
from probeline.core.settings import Component, Settings
from probeline.data.augment.settings import Probability, ascending

Area = Annotated[float, Field(gt=0, le=1)]
Ratio = Annotated[float, Field(gt=0)]


def blur_radius(side: int, share: float = 0.1) -> int:
    """Half the kernel, which is a share of the side, made odd (SimCLR, appendix A: 10%); 0, no blur, below 3 pixels."""
    return int(side * share + 1e-6) // 2


def blurs_nothing(sample: SampleSpec, kernel: float) -> str:
    """Why a blur whose kernel is this share of the shorter side changes no such image; '' where it does."""
    side = min((length for length in sample.shape[:2] if length), default=0)
    if sample.modality != "image" or not side or blur_radius(side, kernel):
        return ""
    return f"blurs nothing: images have {side} pixels a side, and a kernel of {kernel:.0%} of it is below 3 pixels"


def no_colour(sample: SampleSpec) -> str:
    """Why an operation on colours changes no such image; '' where it does."""
    if sample.modality != "image" or sample.channels == 3:
        return ""
    return f"has no effect: images with {sample.channels} channels have no colour"


class Augment(Settings):
    """Crop and resize, flip, colour jitter, grey and blur, drawn anew for every sample.

    Defaults are SimCLR's on CIFAR (appendix B.9): strength 0.5 and no blur. On ImageNet: strength 1, blur 0.5.
    """

    crop_scale: tuple[Area, Area] = Field((0.08, 1.0), description="Range of the crop's share of the image's area.")
    crop_ratio: tuple[Ratio, Ratio] = Field((3 / 4, 4 / 3), description="Range of the crop's width over its height.")
    flip: Probability = Field(0.5, description="Probability of a left-right flip.")
    strength: float = Field(
        0.5, ge=0, le=2.5, description="s: brightness, contrast and saturation vary by 0.8 s, hue by 0.2 s of a turn."
    )
    jitter: Probability = Field(0.8, description="Probability of the colour jitter.")
    grey: Probability = Field(0.2, description="Probability of turning grey.")
    blur: Probability = Field(0.0, description="Probability of a Gaussian blur; kernel 10% of the side.")

    def without_effect(self, sample: SampleSpec) -> dict[str, str]:
        """A blur of small images, grey of images without colour."""
        idle = {"blur": blurs_nothing(sample, 0.1), "grey": no_colour(sample)}
        return {name: reason for name, reason in idle.items() if reason and getattr(self, name)}

    def operations(self) -> list[dict[str, Any]]:
        """The operations that these parameters stand for."""
        return [
            {"name": "crop", "scale": self.crop_scale, "ratio": self.crop_ratio},
            {"name": "flip", "p": self.flip},
            {"name": "colour", "p": self.jitter, "strength": self.strength},
            {"name": "grey", "p": self.grey},
            {"name": "blur", "p": self.blur},
        ]

    @model_validator(mode="after")
    def _ranges_ascend(self) -> Self:
        for name in ("crop_scale", "crop_ratio"):
            ascending(name, getattr(self, name))
        return self


Augmentation = Annotated[Augment | list[dict[str, Any]], Component("augmentations")]
"""What a method's field holds: SimCLR's parameters, or operations in their order, each `{name: ..., parameters}`."""
