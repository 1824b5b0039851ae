"""Arrays that may be larger than memory: small ones in memory, large ones in a file that vanishes with the process."""

import mmap
import os
import tempfile
from pathlib import Path

import numpy as np

from probeline.errors import disk_full_guard

IN_MEMORY_BYTES = 2**27  # up to here an array lies in memory
CHUNK_BYTES = 2**25  # copied at a time


def zeros(shape: tuple[int, ...], dtype: np.dtype, folder: Path) -> np.ndarray:
    """An array of zeros; a large one is mapped from an unnamed file below `folder`. Raises DiskFull."""
    count, size = int(np.prod(shape)), int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size <= IN_MEMORY_BYTES:
        return np.zeros(shape, dtype)
    with disk_full_guard(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, size)  # now, as a full disk kills who writes into a mapped file
            mapped = mmap.mmap(file.fileno(), size)
    return np.frombuffer(mapped, dtype, count).reshape(shape)


def release(array: np.ndarray) -> None:
    """Let go of the memory that holds pages of a mapped array; they stay in its file."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    mapped = owner.obj if isinstance(owner, memoryview) else owner
    if isinstance(mapped, mmap.mmap):
        mapped.madvise(mmap.MADV_DONTNEED)


def chosen_rows(array: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """array[chosen], moved within the array itself; chosen: bool [N]. The array's rows are no longer what they were."""
    rows = np.flatnonzero(chosen)
    step = max(1, CHUNK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        array[start : start + len(block)] = array[block]  # rows only move forward, onto rows that were read
        release(array)
    return array[: len(rows)]


def repeated_channels(array: np.ndarray, count: int, folder: Path) -> np.ndarray:
    """array: [N, H, W, 1] -> [N, H, W, count]. Raises DiskFull."""
    wider = zeros((*array.shape[:-1], count), array.dtype, folder)
    step = max(1, CHUNK_BYTES // max(1, wider[:1].nbytes))
    for start in range(0, len(array), step):
        wider[start : start + step] = array[start : start + step]
        release(wider)
        release(array)
    return wider
