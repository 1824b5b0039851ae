"""One array a split, made as its first image comes, and checked as the others do."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from probeline.data import disk_arrays
from probeline.data.source_paths import shown
from probeline.errors import UserError

Images = Mapping[tuple[Path, str], tuple[str, int]]  # (folder or archive, name inside) -> (split, row)
RELEASED_BYTES = 2**26  # of images written before their memory is let go


class ImageArrays:
    """uint8 or uint16 [N, H, W, C] of every split, C 1 while all images are grey and `channels` is not 3.

    Large arrays lie in files below `folder`.
    """

    def __init__(self, images: Images, channels: int | None, folder: Path) -> None:
        self._arrays: dict[str, np.ndarray] = {}
        self._rows = Counter(split for split, _ in images.values())
        self._present = {split: np.zeros(count, bool) for split, count in self._rows.items()}
        self._channels, self._folder = channels, folder
        self._first = ""
        self._written = 0

    def put(self, name: str, split: str, row: int, pixels: np.ndarray) -> None:
        """pixels: [H, W, C]. Raises UserError where they do not go with the first ones, DiskFull."""
        if not self._arrays:
            self._first = name
            self._allocate(pixels)
        self._check(name, self._arrays[split], pixels)
        self._arrays[split][row] = pixels  # grey is repeated to three channels
        self._present[split][row] = True
        self._written += pixels.nbytes
        if self._written > RELEASED_BYTES:
            self._written = 0
            for array in self._arrays.values():
                disk_arrays.release(array)

    def count(self) -> int:
        """How many rows have an image."""
        return sum(int(present.sum()) for present in self._present.values())

    def present(self, split: str) -> np.ndarray:
        """bool [N]: the rows that have an image."""
        return self._present[split]

    def whole(self) -> dict[str, np.ndarray]:
        """The arrays without the rows that have no image; to be asked for once."""
        return {
            split: array if self._present[split].all() else disk_arrays.chosen_rows(array, self._present[split])
            for split, array in self._arrays.items()
        }

    def _allocate(self, pixels: np.ndarray) -> None:
        height, width, channels = pixels.shape
        channels = 3 if (channels, self._channels) == (1, 3) else channels
        self._arrays = {
            split: disk_arrays.zeros((count, height, width, channels), pixels.dtype, self._folder)
            for split, count in self._rows.items()
        }

    def _check(self, name: str, array: np.ndarray, pixels: np.ndarray) -> None:
        """Grey arrays become colour ones where a colour image comes."""
        if array.shape[1:3] != pixels.shape[:2]:
            self._refuse(name, "size", f"{array.shape[2]}x{array.shape[1]}", f"{pixels.shape[1]}x{pixels.shape[0]}")
        if array.dtype != pixels.dtype:
            self._refuse(name, "depth", f"{8 * array.itemsize} bits", f"{8 * pixels.itemsize} bits")
        if {array.shape[3], pixels.shape[2]} == {1, 3}:
            self._arrays = {split: self._coloured(each) for split, each in self._arrays.items()}
        elif array.shape[3] != pixels.shape[2]:
            self._refuse(name, "channels", f"{array.shape[3]} channels", f"{pixels.shape[2]} channels")

    def _coloured(self, array: np.ndarray) -> np.ndarray:
        return disk_arrays.repeated_channels(array, 3, self._folder) if array.shape[3] == 1 else array

    def _refuse(self, name: str, what: str, had: str, came: str) -> None:
        remedy = {
            "size": "set `size`, the side that all are resized to",
            "depth": "set `bits` to 8 or 16, which all become",
            "channels": "set `channels` to 3 or 1, which all become where they can",
        }[what]
        raise UserError(f"images differ in {what}: {had} ({shown(self._first)}) and {came} ({shown(name)}); {remedy}")
