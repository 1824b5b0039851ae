"""Decoded data sets on this node's disk: `<cache>/datasets/arrays/<digest>/`, memory-mapped and shared by all trials.

An entry is written in a temporary folder and renamed into place, so it is whole or absent. On opening, sizes, headers
and a checksum over 64 evenly spread blocks of 64 KiB a file are compared with the manifest: that costs milliseconds
whatever the size, finds what goes wrong with files (cut short, zero-filled, overwritten, half-copied) and reads files
up to 4 MiB whole. A full checksum would cost seconds a process on large sets, for flipped bits that disks detect.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from probeline.core.columns import Column, Ragged
from probeline.core.dataset import Split
from probeline.data import disk_arrays, split_files
from probeline.data.split import stratified_order
from probeline.errors import disk_full_guard
from probeline.storage import checksummed_json
from probeline.storage.regular_files import expanded

BLOCK, BLOCKS = 64 * 1024, 64
CHUNK = 32 * 1024 * 1024  # bytes gathered at a time while writing


def root() -> Path:
    """The folder of everything cached: PROBELINE_CACHE, or ~/.cache/probeline. Raises UserError without a home."""
    return expanded(os.environ.get("PROBELINE_CACHE") or "~/.cache/probeline")


def write(splits: Mapping[str, Split], beside: str | None = None) -> str:
    """Store the splits in stratified order and return their content digest: sha256 over shapes, inputs and labels.

    `beside`: a digest of what else decides numbers, which enters theirs.

    Raises DiskFull, and then leaves nothing behind.
    """
    arrays = root() / "datasets" / "arrays"
    with disk_full_guard(arrays):
        arrays.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=arrays, prefix=".building-"))
        try:
            digest = _write_parts(building, splits, beside)
            _install(building, digest)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return digest


def _write_parts(building: Path, splits: Mapping[str, Split], beside: str | None) -> str:
    digest, manifest = hashlib.sha256((beside or "").encode()), dict[str, dict[str, Any]]()
    for name in sorted(splits):
        order = stratified_order(splits[name].labels)
        files = _Files(building, name, digest)
        for kind, column in split_files.columns(splits[name]).items():
            files.write(kind, column, order)
        new = np.empty(len(order), np.int64)
        new[order] = np.arange(len(order))
        for kind, table in split_files.tables(_renumbered(splits[name], new)).items():
            files.write(kind, table, np.arange(len(table)))
        manifest |= files.manifest
    checksummed_json.write(building / "manifest.json", manifest)
    return digest.hexdigest()


def _renumbered(split: Split, new: np.ndarray) -> Split:
    """The split with its segments and lists under the samples' new rows; its columns stay as they are."""
    segments = {name: each.renumbered(new) for name, each in split.segments.items()}
    return replace(split, segments=segments, lists={name: each.renumbered(new) for name, each in split.lists.items()})


@dataclass
class _Files:
    """The files of one split, each written, entered in the digest and in the manifest."""

    building: Path
    split: str
    digest: "hashlib._Hash"
    manifest: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self, kind: str, column: Column, order: np.ndarray) -> None:
        """A column's rows in that order; a ragged one's values and offsets."""
        if isinstance(column, Ragged):
            lengths = column.lengths[order]
            offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
            self._write(f"{kind}.offsets", offsets, offsets.shape, (offsets,))
            rows = (column[rows].values for rows in _chunks(order, max(1, column.nbytes // max(1, len(column)))))
            self._write(kind, column.values, column.values.shape, rows)
        else:
            rows = (column[rows] for rows in _chunks(order, max(1, column[:1].nbytes)))
            self._write(kind, column, column.shape, rows)

    def _write(self, kind: str, array: np.ndarray, shape: tuple[int, ...], rows: Iterable[np.ndarray]) -> None:
        file = self.building / f"{self.split}_{kind}.npy"
        self.digest.update(f"{self.split} {kind} {array.dtype.str} {shape}\n".encode())
        _write_array(file, array, shape, rows, self.digest)
        self.manifest[file.name] = {"shape": list(shape), "bytes": file.stat().st_size, "sample": _sample(file)}


def load(digest: str) -> dict[str, Split] | None:
    """The stored splits, memory-mapped, or None where the entry is absent or damaged."""
    folder = _folder(digest)
    manifest = checksummed_json.read(folder / "manifest.json")
    try:
        if not manifest or any(_sample(folder / name) != entry["sample"] for name, entry in manifest.items()):
            return None
        # Copy-on-write pages: torch takes such an array without a copy and without warning that it is read-only.
        arrays = {name: np.load(folder / name, mmap_mode="c") for name in manifest}
        if any(list(arrays[name].shape) != entry["shape"] for name, entry in manifest.items()):
            return None
        return _assembled(arrays)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def _assembled(arrays: Mapping[str, np.ndarray]) -> dict[str, Split]:
    """The splits of the files `<split>_<kind>.npy`."""
    by_split: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        split, _, kind = name.removesuffix(".npy").partition("_")
        by_split.setdefault(split, {})[kind] = array
    return {split: split_files.assemble(kinds) for split, kinds in by_split.items()}


def _folder(digest: str) -> Path:
    return root() / "datasets" / "arrays" / digest


def _write_array(
    path: Path, array: np.ndarray, shape: tuple[int, ...], rows: Iterable[np.ndarray], digest: "hashlib._Hash"
) -> None:
    """`rows`: the contents, a block at a time; `array`: what they are taken from."""
    with path.open("wb") as file:
        header = {"descr": array.dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for each in rows:
            block = np.ascontiguousarray(each).data
            digest.update(block)
            file.write(block)
            disk_arrays.release(array)
        file.flush()
        os.fsync(file.fileno())


def _chunks(order: np.ndarray, row_bytes: int) -> Iterator[np.ndarray]:
    step = max(1, CHUNK // row_bytes)
    return (order[start : start + step] for start in range(0, len(order), step))


def _sample(path: Path) -> str:
    """A checksum over the file's size and 64 evenly spread blocks, the first and the last among them."""
    size = path.stat().st_size
    checksum = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        if size <= BLOCK * BLOCKS:
            checksum.update(file.read())
            return checksum.hexdigest()
        for number in range(BLOCKS):
            file.seek((size - BLOCK) * number // (BLOCKS - 1))
            checksum.update(file.read(BLOCK))
    return checksum.hexdigest()


def _install(building: Path, digest: str) -> None:
    """Rename the new entry to its digest; where a sound one stands already, leave that."""
    if load(digest) is not None:
        return
    damaged = building.with_name(building.name.replace(".building-", ".damaged-"))
    if _folder(digest).exists():
        _folder(digest).rename(damaged)
    try:
        building.rename(_folder(digest))
    except OSError:
        if load(digest) is None:  # else another process has just written the same content
            raise
    finally:
        shutil.rmtree(damaged, ignore_errors=True)
