"""LibriSpeech: read English speech with transcripts, 16 kHz FLAC, by up to 2,484 speakers.

Panayotov, Chen, Povey, Khudanpur: LibriSpeech: an ASR corpus based on public domain audio books, ICASSP 2015. Files
are `<subset>/<speaker>/<chapter>/<speaker>-<chapter>-<number>.flac` with `<speaker>-<chapter>.trans.txt` beside them.
Subsets train-*, dev-* and test-* are the splits; where there are none, whole speakers are held out.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from probeline.core.settings import NotHashed
from probeline.data.archives import reader
from probeline.data.archives.listing import Unreadable
from probeline.data.audio.clip_names import ClipFile, ClipNames, clip_names
from probeline.data.audio.clip_splits import read_splits, source_files
from probeline.data.audio.manifest import apply_manifest
from probeline.data.audio.settings import AudioSettings
from probeline.data.read_report import ReadSplits
from probeline.data.source_paths import shown, user_path
from probeline.errors import BadData

GIVES = "waveform"
LABELS = ("speaker",)
LISTS = {"phones": "segments", "words": "segments", "characters": "segments"}

NAME = re.compile(r"(?P<speaker>\d+)-(?P<chapter>\d+)-\d+")
SUBSETS = {"train": "train", "dev": "validation", "test": "test"}


class Config(AudioSettings):
    """`manifest`: for a slice without the official subsets: a table with `utterance`, `split` and `text`."""

    manifest: Annotated[str | None, NotHashed] = Field(None, description="CSV or TSV file with utterances and splits.")
    transcript: str | None = Field(None, description="Column of the manifest with what is spoken.")


def files(config: Config) -> list[Path]:
    """The archive or every file below the folder, the manifest and the alignments. Raises UserError."""
    return source_files(config, config.manifest)


def read(config: Config) -> ReadSplits:
    """Train and test, validation where it is there. Raises BadData for a missing transcript or another name."""
    listing = clip_names(user_path(config.path))
    texts = _transcripts(listing)
    clips = [_clip(listing.holder, name, texts) for name in listing.names]
    if config.manifest:
        clips = apply_manifest(user_path(config.manifest), clips, (), config.transcript)
    elif missing := [shown(clip.name) for clip in clips if texts and clip.transcript is None]:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise BadData(
            f"{shown(config.path)}: no transcript of {', '.join(missing[:5])}{more}; add it or remove the clip"
        )
    unsplit = not any(clip.split for clip in clips) and config.split_by == "none"
    return read_splits(clips, config, "speaker" if unsplit else None)


def _clip(holder: Path, name: str, texts: dict[str, str]) -> ClipFile:
    path = PurePosixPath(name)
    match = NAME.fullmatch(path.stem)
    if match is None:
        raise BadData(f"{shown(f'{holder}/{name}')}: not named <speaker>-<chapter>-<number>.flac")
    subsets = [SUBSETS[part.partition("-")[0]] for part in path.parts[:-1] if part.partition("-")[0] in SUBSETS]
    return ClipFile(holder, name, {"speaker": match["speaker"]}, subsets[-1] if subsets else "", texts.get(path.stem))


def _transcripts(listing: ClipNames) -> dict[str, str]:
    """Utterance -> what is spoken, of all transcript files."""
    texts: dict[str, str] = {}
    for name, content in reader.contents(listing.holder, [n for n in listing.others if n.endswith(".trans.txt")]):
        if isinstance(content, Unreadable):
            raise BadData(f"{shown(f'{listing.holder}/{name}')}: {content.reason}")
        for line in content.decode().splitlines():
            utterance, _, text = line.strip().partition(" ")
            texts[utterance] = text
    return texts
