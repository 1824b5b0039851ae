"""Your own audio: WAV, FLAC or OGG files in class folders, or with a manifest, in a folder, tar, tar.gz or zip.

Without a manifest the folder that a clip lies in is its class, and folders above named train, val or test are splits.
A manifest is a CSV or TSV file with a header: a column `file`, any columns of labels, and `split` where it says so.
Alignments of phones and words, in a table or in TextGrid files, become segments, which frames are judged by.
"""

from pathlib import Path, PurePosixPath
from typing import Annotated, Self

from pydantic import Field, model_validator

from probeline.core.settings import NotHashed
from probeline.data.audio.clip_names import ClipFile, class_folder, clip_names
from probeline.data.audio.clip_splits import read_splits, source_files
from probeline.data.audio.manifest import apply_manifest
from probeline.data.audio.settings import AudioSettings
from probeline.data.read_report import ReadSplits
from probeline.data.source_paths import user_path
from probeline.data.split_folders import split_depth, split_of

GIVES = "waveform"
LABELS = ("class", "speaker", "*")
LISTS = {"phones": "segments", "words": "segments", "characters": "segments"}


class Config(AudioSettings):
    """`labels`: columns of the manifest, the main label first; the others are `speaker`, `word`, ... of protocols."""

    manifest: Annotated[str | None, NotHashed] = Field(None, description="CSV or TSV file that names clips and labels.")
    labels: tuple[str, ...] = Field((), description="Columns of the manifest that are labels, the main one first.")
    transcript: str | None = Field(None, description="Column of the manifest with what is spoken.")

    @model_validator(mode="after")
    def _columns_need_a_manifest(self) -> Self:
        if self.manifest is None and (self.labels or self.transcript):
            raise ValueError("labels and transcript are columns of a manifest: set `manifest`, or leave them out")
        return self


def files(config: Config) -> list[Path]:
    """The archive or every file below the folder, the manifest and the alignments. Raises UserError."""
    return source_files(config, config.manifest)


def read(config: Config) -> ReadSplits:
    """Decoded clips. Raises BadData that names all damaged files or rows, UserError."""
    listing = clip_names(user_path(config.path))
    if config.manifest:
        plain = [ClipFile(listing.holder, name, {}) for name in listing.names]
        clips = apply_manifest(user_path(config.manifest), plain, config.labels, config.transcript)
    else:
        clips = _in_folders(listing.holder, listing.names, config.path)
    return read_splits(clips, config)


def _in_folders(holder: Path, names: list[str], where: str) -> list[ClipFile]:
    """Clips whose class is the folder they lie in; a single folder is no class."""
    folders = [PurePosixPath(name).parts[:-1] for name in names]
    shared = next(
        (depth for depth, parts in enumerate(zip(*folders, strict=False)) if len(set(parts)) > 1),
        min(map(len, folders)),
    )
    mark = split_depth(folders, shared, where)
    splits = ["" if mark is None else split_of(folder[mark]) or "" for folder in folders]
    return [
        ClipFile(holder, name, {"class": class_folder(name)}, split) for name, split in zip(names, splits, strict=True)
    ]
