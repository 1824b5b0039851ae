"""Speech Commands: clips of one second and one word, by hundreds to thousands of speakers, 16 kHz.

P. Warden: Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, arXiv 1804.03209. Names are
`<word>/<speaker>_nohash_<n>.wav`. Where the lists of the archive are there, they are the splits; else the function of
the paper's section 5.3 divides speakers by a hash of their names. No speaker is in two splits in either way.
"""

import hashlib
import re
from pathlib import Path

from pydantic import Field

from probeline.data.archives import reader
from probeline.data.archives.listing import Unreadable
from probeline.data.audio.clip_names import ClipFile, ClipNames, class_folder, clip_names
from probeline.data.audio.clip_splits import read_splits, source_files
from probeline.data.audio.settings import AudioSettings
from probeline.data.read_report import ReadSplits
from probeline.data.source_paths import shown, user_path
from probeline.errors import BadData

GIVES = "waveform"
LABELS = ("word", "speaker")
LISTS = {"phones": "segments", "words": "segments", "characters": "segments"}

SPEAKER = re.compile(r"(?P<speaker>.+)_nohash_\d+")
NOISE = "_background_noise_"  # a folder of long recordings that hold no words
LISTED = {"validation_list.txt": "validation", "testing_list.txt": "test"}
LARGEST = 2**27 - 1  # of the function in the paper


class Config(AudioSettings):
    """`words`: which of them are classes; the clips of others are left out."""

    only: tuple[str, ...] = Field((), description="Words that are read; none named: all.")
    validation_percent: float = Field(10, gt=0, lt=50, description="Of the speakers, where there are no lists.")
    test_percent: float = Field(10, gt=0, lt=50, description="Likewise.")


def files(config: Config) -> list[Path]:
    """The archive or every file below the folder, and the alignments. Raises UserError."""
    return source_files(config)


def read(config: Config) -> ReadSplits:
    """Train, validation and test. Raises BadData for files that are named in another way."""
    listing = clip_names(user_path(config.path))
    words = {name: class_folder(name) for name in listing.names if class_folder(name) != NOISE}
    chosen = [name for name, word in words.items() if not config.only or word in config.only]
    missing = set(config.only) - set(words.values())
    if missing or not chosen:
        raise BadData(f"{shown(config.path)}: it has no word {', '.join(sorted(missing)) or 'at all'}; correct `only`")
    listed = _lists(listing)
    return read_splits([_clip(listing.holder, name, listed, config) for name in chosen], config)


def _clip(holder: Path, name: str, listed: dict[str, str], config: Config) -> ClipFile:
    match = SPEAKER.fullmatch(Path(name).stem)
    if match is None:
        raise BadData(f"{shown(f'{holder}/{name}')}: not named <word>/<speaker>_nohash_<n>.wav")
    word = class_folder(name)
    split = listed.get(f"{word}/{Path(name).name}", "train") if listed else hashed_split(match["speaker"], config)
    return ClipFile(holder, name, {"word": word, "speaker": match["speaker"]}, split)


def hashed_split(speaker: str, config: Config) -> str:
    """The split of a speaker: the function `which_set` of the data set's README."""
    number = int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % (LARGEST + 1)
    percent = number * (100.0 / LARGEST)
    if percent < config.validation_percent:
        return "validation"
    return "test" if percent < config.validation_percent + config.test_percent else "train"


def _lists(listing: ClipNames) -> dict[str, str]:
    """`<word>/<file>` -> split of the clips in the archive's own lists; {} where it has none."""
    wanted = [name for name in listing.others if Path(name).name in LISTED]
    splits: dict[str, str] = {}
    for name, content in reader.contents(listing.holder, wanted):
        if isinstance(content, Unreadable):
            raise BadData(f"{shown(f'{listing.holder}/{name}')}: {content.reason}")
        splits |= dict.fromkeys(content.decode().split(), LISTED[Path(name).name])
    return splits
