"""The settings that every data set of audio has. Torch-free, for planning."""

from typing import Annotated, Literal

from pydantic import Field

from probeline.core.settings import NotHashed
from probeline.data.settings import GroupSplitSettings


class AudioSettings(GroupSplitSettings):
    """Clips become mono and 16 bits; paths stay outside identity, what they hold enters it by content.

    `window_s`: what a training step takes of a longer clip, at a start drawn by (seed, epoch, sample).
    """

    path: Annotated[str, NotHashed] = Field(min_length=1, description="Folder, or tar, tar.gz or zip, of the clips.")
    rate: int | None = Field(
        16000, ge=1000, le=192000, description="Samples a second that clips are resampled to; null: as they are."
    )
    window_s: float | None = Field(None, gt=0, description="Seconds of a clip that training takes; null: all of it.")
    phones: Annotated[str | None, NotHashed] = Field(
        None, description="Alignments of phones: a table (utterance, start_s, end_s, phone) or a folder of TextGrids."
    )
    words: Annotated[str | None, NotHashed] = Field(None, description="Alignments of words, likewise.")
    phone_set: Literal["any", "arpabet"] = Field(
        "any", description="`arpabet`: 39 phones and SIL, stress dropped; other labels are refused."
    )
    alignment_offset_s: float = Field(
        0.0, ge=-1, le=1, description="Added to all times; half a window where they count frames."
    )
    on_damaged: Literal["error", "skip"] = Field(
        "error", description="`skip` leaves out clips that cannot be read, up to `max_damaged`."
    )
    max_damaged: float = Field(0.01, gt=0, le=0.5, description="Share of the clips that `on_damaged: skip` may skip.")
