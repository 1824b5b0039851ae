"""How the two views of a sample are made: the settings that methods on two views share. Torch-free, for planning."""

from typing import Annotated, Any

from pydantic import Field

from probeline.core.settings import Component, Settings
from probeline.data.images.augment.settings import Augment, Augmentation


class TwoViewSettings(Settings):
    """Both views by `augment`, unless `augment_other` is given for the second one."""

    augment: Augmentation = Augment()
    augment_other: Annotated[Augment | list[dict[str, Any]] | None, Component("augmentations")] = Field(
        None, description="The second view's, where it differs: SimCLR's figure 5 and BYOL's blur and solarisation."
    )
