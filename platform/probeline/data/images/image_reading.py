"""Many images from folders and archives into one array a split, in one pass over each archive."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from probeline.data.archives import reader
from probeline.data.archives.listing import Unreadable
from probeline.data.damaged import Damaged, refuse_damaged
from probeline.data.images.class_folders import UNREAD
from probeline.data.images.decode import UPRIGHT, DecodedImage, Decoding, read_picture
from probeline.data.images.deep_pixels import FULL, Unscaled
from probeline.data.images.image_arrays import ImageArrays, Images
from probeline.data.source_paths import reason, shown
from probeline.errors import BadData, UserError

logger = logging.getLogger(__name__)

PROGRESS = 10.0  # seconds between log lines


@dataclass
class ImageTally:
    """Counts over the images that were read, as they are stored; damaged: name and reason."""

    sizes: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)
    rotated: int = 0
    more_pages: int = 0
    deep_colour: int = 0
    transparent: int = 0
    span: tuple[float, float] | None = None

    def add(self, picture: DecodedImage, how: Decoding) -> None:
        """Count one image."""
        self.sizes["{}x{}".format(*picture.size)] += 1
        self.modes[picture.mode if picture.bits == 8 else f"{picture.mode}, {picture.bits} bits"] += 1
        self.rotated += picture.orientation != UPRIGHT
        self.more_pages += picture.more_pages
        self.transparent += picture.mode in {"RGBA", "LA", "PA"} and (how.channels or 3) < 4
        self.deep_colour += picture.bits == 16 and picture.span is None
        if picture.span is not None:
            low, high = self.span or picture.span
            self.span = min(low, picture.span[0]), max(high, picture.span[1])

    def remarks(self, how: Decoding) -> list[str]:
        """What could have been read otherwise, and how."""
        applied = "was applied" if how.exif == "apply" else "was not applied: `exif: apply` turns them upright"
        few = self.span is not None and how.levels is None and self.span[1] <= FULL / 4
        sentences = {
            f"{self.rotated:,} images have a stored rotation (EXIF), which {applied}": self.rotated,
            f"{self.more_pages:,} files have further pages or frames: the first was read; `pages: channels` takes "
            "those of a TIFF as channels": self.more_pages,
            f"{self.transparent:,} images are transparent, which was dropped; `channels: 4` keeps it": self.transparent,
            f"{self.deep_colour:,} colour images have 16 bits a channel: 8 were read; `bits: 16` keeps them all": (
                self.deep_colour and how.bits != 16
            ),
            f"16-bit values reach only {self.span[1] if self.span else 0:,.0f} of 65,535, so images are dark: `levels: "
            "[black, white]` stretches them": few,
        }
        return [sentence for sentence, holds in sentences.items() if holds]


def read_images(images: Images, how: Decoding, damaged: Damaged, folder: Path) -> tuple[ImageArrays, ImageTally]:
    """The images' pixels, and counts over them.

    With `how.side` every image becomes a square of that side, else all must have one size. Raises BadData, which names
    the damaged images, where they are more than `damaged` allows; UserError where images differ in size, channels or
    depth; DiskFull where the decoded ones, if large, do not fit below `folder`.
    """
    arrays, tally = ImageArrays(images, how.channels, folder), ImageTally()
    for name, (split, row), content in _progressing(_contents(images), len(images)):
        try:
            if isinstance(content, Unreadable):
                raise ValueError(content.reason)
            picture = read_picture(content, how)
        except Unscaled as error:
            raise UserError(f"{shown(name)}: {error}, for all images") from error
        except (OSError, ValueError) as error:
            tally.damaged.append(f"{shown(name)}: {_reason(name, error)}")
            continue
        arrays.put(name, split, row, picture.pixels)
        tally.add(picture, how)
    if arrays.count() + len(tally.damaged) < len(images):
        raise BadData(f"{next(iter(images))[0]}: files vanished while they were read; run again")
    refuse_damaged(tally.damaged, len(images), damaged)
    return arrays, tally


def _reason(name: str, error: Exception) -> str:
    unread = UNREAD.get(PurePath(name).suffix.lower())
    return f"{unread}, a format that is not read; convert it to PNG or JPEG" if unread else reason(error)


def _contents(images: Images) -> Iterator[tuple[str, tuple[str, int], bytes | Unreadable]]:
    for path in dict.fromkeys(path for path, _ in images):
        wanted = {name: at for (holder, name), at in images.items() if holder == path}
        for name, content in reader.contents(path, wanted):
            yield f"{path}/{name}", wanted[name], content


def _progressing(contents: Iterator, total: int) -> Iterator:
    """The same, with a line in the log now and then."""
    logged = time.monotonic()
    for done, item in enumerate(contents):
        if time.monotonic() - logged > PROGRESS:
            logged = time.monotonic()
            logger.info("decoded %d of %d images", done, total)
        yield item
