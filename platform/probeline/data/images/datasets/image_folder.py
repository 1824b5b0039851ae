"""Your own images: a folder, .tar, .tar.gz or .zip of class folders, with train/ and test/ (or val/) splits or without.

Where there is no test/, val/ is the test split; where there is neither, a stratified share is, the same for every seed.
Images in no class folder, all of a split, have no label: methods that need none train on them, and probes say that they
cannot judge. Grey images stay grey if all are; images of 16 bits a channel keep them. `probeline data SPEC` tells what
was read and what was passed over.
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from probeline.core.settings import NotHashed
from probeline.data.archives import reader
from probeline.data.damaged import Damaged
from probeline.data.images.class_folders import Layout
from probeline.data.images.image_splits import by_class, by_split, folder_images
from probeline.data.read_report import ReadSplits
from probeline.data.settings import DatasetSettings
from probeline.data.source_paths import user_path

LISTS = ("pairs",)


class Config(DatasetSettings):
    """Paths stay outside identity: what they hold enters it by content."""

    path: Annotated[str, NotHashed] = Field(min_length=1, description="Folder or archive of class folders.")
    test_path: Annotated[str | None, NotHashed] = Field(None, description="A second one, all of it the test split.")
    splits: Literal["by_name", "none"] = Field(
        "by_name", description="`none`: folders named train, val or test are classes like any other."
    )
    class_folder: Literal["path", "first", "last"] = Field(
        "path", description="Which of nested folders is the class: all of them (`normal/patient01`), or one."
    )
    size: int | None = Field(
        None,
        ge=4,
        le=1024,
        description="Side in pixels: the shorter side is resized to it, then the centre is cropped.",
    )
    channels: int | None = Field(
        None, ge=1, le=64, description="3 turns grey images to colour, 1 colour to grey; others must be there."
    )
    exif: Literal["ignore", "apply"] = Field(
        "ignore", description="`apply` turns photographs upright, as their stored rotation (EXIF) says."
    )
    pages: Literal["first", "channels"] = Field("first", description="`channels`: each page of a TIFF is a channel.")
    bits: Literal[8, 16] | None = Field(
        None, description="Bits a channel that are kept; else 8 of 8, and 16 of more, but 8 of 16-bit colour."
    )
    levels: tuple[float, float] | None = Field(
        None, description="Values of images of more than 8 bits that become black and white; else all of 16 bits."
    )
    on_damaged: Literal["error", "skip"] = Field(
        "error", description="`skip` leaves out images that cannot be read, up to `max_damaged`."
    )
    max_damaged: float = Field(0.01, gt=0, le=0.5, description="Share of the images that `on_damaged: skip` may skip.")
    split_by: Literal["class", "none"] = Field(
        "none", description="`class`: whole classes, such as people, are held out for validation and test."
    )
    pairs: Annotated[str | None, NotHashed] = Field(
        None, description="File of lines `a,b,same` with images by their path below `path` and 1 or 0: a list of pairs."
    )
    test: float = Field(
        0.2,
        gt=0,
        le=0.5,
        description="Share of the images, or of the classes, for testing where there is no such split.",
    )

    def while_reading(self) -> frozenset[str]:
        return frozenset(["validation"]) if self.split_by == "class" else frozenset()

    @model_validator(mode="after")
    def _levels_ascend(self) -> Self:
        if self.levels and self.levels[0] >= self.levels[1]:
            raise ValueError(f"levels is [{self.levels[0]:g}, {self.levels[1]:g}]: black comes first, below white")
        return self


def files(config: Config) -> list[Path]:
    """The archives, or every file below the folders. Raises UserError."""
    listed = [user_path(config.pairs)] if config.pairs else []
    return [file for path in _paths(config) for file in reader.source_files(path)] + listed


def read(config: Config) -> ReadSplits:
    """Decoded images; rows by class, then by name. Raises BadData that names all damaged files, UserError on sizes."""
    from probeline.data.images.decode import Decoding  # PIL, needed only here
    from probeline.data.images.folder_reading import Division, read_folders

    layout = Layout(config.splits, config.class_folder)
    folders = [folder_images(path, layout) for path in _paths(config)]
    decoding = Decoding(config.size, config.channels, config.exif, config.pages, config.bits, config.levels)
    divide: Division = partial(by_split, share=config.test)
    if config.split_by == "class":
        divide = partial(by_class, test=config.test, validation=config.validation)
    damaged = Damaged(config.on_damaged, config.max_damaged)
    return read_folders(folders, divide, decoding, damaged, user_path(config.pairs) if config.pairs else None)


def _paths(config: Config) -> list[Path]:
    return [user_path(path) for path in (config.path, config.test_path) if path]
