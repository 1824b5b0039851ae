"""FSDD, the Free Spoken Digit Dataset: 3,000 clips of ten digits by six speakers, 8 kHz.

Z. Jackson et al., Free Spoken Digit Dataset, github.com/Jakobovski/free-spoken-digit-dataset, CC BY-SA 4.0. Names are
`<digit>_<speaker>_<index>.wav`. The official test split is the indices 0 to 4, so it has every speaker of the training
split; `split_by: speaker` holds out whole speakers, which is the harder and the more telling task.
"""

import re
from pathlib import Path

from pydantic import Field

from probeline.data.audio.clip_names import ClipFile, clip_names
from probeline.data.audio.clip_splits import read_splits, source_files
from probeline.data.audio.settings import AudioSettings
from probeline.data.read_report import ReadSplits
from probeline.data.source_paths import shown, user_path
from probeline.errors import BadData

GIVES = "waveform"
LABELS = ("digit", "speaker")
LISTS = {"phones": "segments", "words": "segments", "characters": "segments"}

NAME = re.compile(r"(?P<digit>[0-9])_(?P<speaker>[a-z]+)_(?P<index>[0-9]+)")
TEST_INDICES = range(5)
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Config(AudioSettings):
    """`path`: the repository's `recordings` folder, or an archive of it."""

    rate: int | None = Field(8000, ge=1000, le=192000, description="Samples a second; the clips have 8,000.")
    transcripts: bool = Field(False, description="Whether clips are spelt: the digit in letters, for `ctc`.")


def files(config: Config) -> list[Path]:
    """The archive or every file below the folder, and the alignments. Raises UserError."""
    return source_files(config)


def read(config: Config) -> ReadSplits:
    """Train and test. Raises BadData for files that are named in another way."""
    listing = clip_names(user_path(config.path))
    return read_splits([_clip(listing.holder, name, config) for name in listing.names], config)


def _clip(holder: Path, name: str, config: Config) -> ClipFile:
    stem = ClipFile(holder, name, {}).stem
    match = NAME.fullmatch(stem)
    if match is None:
        raise BadData(
            f"{shown(f'{holder}/{name}')}: not named <digit>_<speaker>_<index>.wav; data: audio_folder reads it"
        )
    split = "test" if int(match["index"]) in TEST_INDICES else "train"
    spelt = WORDS[int(match["digit"])] if config.transcripts else None
    return ClipFile(holder, name, {"digit": match["digit"], "speaker": match["speaker"]}, split, spelt)
