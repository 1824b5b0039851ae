"""Many images from folders and archives into one array a part, in one pass over each archive."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from probeline.data import archives
from probeline.data.images.decode import read_image
from probeline.errors import BadData, UserError

logger = logging.getLogger(__name__)

LISTED = 20  # damaged files named in full; more are counted
PROGRESS = 10.0  # seconds between log lines

Images = Mapping[tuple[Path, str], tuple[str, int]]  # (folder or archive, name inside) -> (part, row)


def read_images(images: Images, side: int | None, channels: int | None) -> dict[str, np.ndarray]:
    """uint8 [N, H, W, C] of every part; C is 1 where all images are grey and `channels` is not 3.

    With `side` every image becomes a square of that side, else all must have one size. Raises BadData, which names all
    damaged images, or UserError where sizes differ or the decoded images would take more than half of the memory.
    """
    arrays: dict[str, np.ndarray] = {}
    bad, all_grey, first = [], True, None
    for name, at, content in _progressing(_contents(images), len(images)):
        try:
            if content is None:
                raise ValueError("cannot be read, or is too long")
            pixels, grey = read_image(content, side)
        except (OSError, ValueError) as error:
            bad.append(f"{name}: {error}")
            continue
        if first is None:
            first = name, pixels.shape
            arrays = _allocated(images, pixels.shape)
        if pixels.shape != first[1]:
            sizes = " and ".join(f"{shape[1]}x{shape[0]} ({named})" for named, shape in (first, (name, pixels.shape)))
            raise UserError(f"images differ in size: {sizes}; set `size`, the side that all are resized to")
        part, row = at
        arrays[part][row] = pixels
        all_grey &= grey
    if bad:
        more = [f"and {len(bad) - LISTED} more"] if len(bad) > LISTED else []
        listed = "\n  ".join([*sorted(bad)[:LISTED], *more])
        raise BadData(f"{len(bad)} of {len(images)} images are damaged; mend or remove them:\n  {listed}")
    if all_grey and channels != 3:
        return {part: np.ascontiguousarray(array[..., :1]) for part, array in arrays.items()}
    return arrays


def _contents(images: Images) -> Iterator[tuple[str, tuple[str, int], bytes | None]]:
    for path in dict.fromkeys(path for path, _ in images):
        wanted = {name: at for (holder, name), at in images.items() if holder == path}
        for name, content in archives.contents(path, wanted):
            yield f"{path}/{name}", wanted[name], content


def _allocated(images: Images, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    needed = len(images) * int(np.prod(shape))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > memory / 2:
        size = f"{len(images)} images of {shape[1]}x{shape[0]} take {needed / 2**30:.1f} GiB decoded"
        raise UserError(f"{size}, more than half of this machine's {memory / 2**30:.1f} GiB; set a smaller `size`")
    rows = [part for part, _ in images.values()]
    return {part: np.zeros((rows.count(part), *shape), np.uint8) for part in dict.fromkeys(rows)}


def _progressing(found: Iterator, total: int) -> Iterator:
    """The same, with a line in the log now and then."""
    said = time.monotonic()
    for done, item in enumerate(found):
        if time.monotonic() - said > PROGRESS:
            said = time.monotonic()
            logger.info("decoded %d of %d images", done, total)
        yield item
