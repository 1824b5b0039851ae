"""Samples of many clips, one after the other: in memory while they are few, else in a file that vanishes."""

import mmap
import tempfile
from pathlib import Path

import numpy as np

from probeline.core.columns import Ragged
from probeline.errors import disk_full_guard


class ClipColumn:
    """Grows by a clip at a time, so that no more than one has to be in memory."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where the file is. Raises DiskFull, UserError."""
        self.folder, self.lengths = folder, list[int]()
        with disk_full_guard(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed when the column is complete

    def append(self, samples: np.ndarray) -> None:
        """Adds a clip, int16 [S]. Raises DiskFull."""
        with disk_full_guard(self.folder):
            self._file.write(np.ascontiguousarray(samples).data)
        self.lengths.append(len(samples))

    def column(self) -> Ragged:
        """The clips so far; none may be added after it. Raises DiskFull."""
        offsets = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)
        with disk_full_guard(self.folder):
            self._file.flush()
        if not offsets[-1]:
            return Ragged(np.zeros(0, np.int16), offsets)
        with self._file as file:
            mapped = mmap.mmap(file.fileno(), 0)
        return Ragged(np.frombuffer(mapped, np.int16), offsets)
