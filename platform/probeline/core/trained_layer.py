"""A layer of the encoder that another cell of the experiment, or a finished trial, has trained."""

from typing import Annotated

from pydantic import Field

from probeline.core.settings import NotHashed, Settings


class TrainedLayer(Settings):
    """Parameters of a field `targets` of a method's `Config`; the method's field `teacher` then is that encoder.

    The trained encoder's identity is part of the trial's id, its label is not.
    """

    encoder: Annotated[str, NotHashed] = Field(
        min_length=1,
        description="A cell of this experiment by its label, whose trial of the same seed is trained first; or the id "
        "of a finished trial.",
    )
    layer: int | None = Field(None, description="Its layer, 0 the first; null: its output.")
