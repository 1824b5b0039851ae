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
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from probeline.core.dataset import Split
from probeline.data import disk_arrays
from probeline.data.split import stratified_order
from probeline.errors import disk_full_guard
from probeline.storage import checksummed_json
from probeline.storage.regular_files import expanded

BLOCK, BLOCKS = 64 * 1024, 64
CHUNK = 32 * 1024 * 1024  # bytes gathered at a time while writing


def root() -> Path:
    """The folder of everything cached: PROBELINE_CACHE, or ~/.cache/probeline. Raises UserError without a home."""
    return expanded(os.environ.get("PROBELINE_CACHE") or "~/.cache/probeline")


def write(splits: Mapping[str, Split]) -> str:
    """Store the splits in stratified order and return their content digest: sha256 over shapes, inputs and labels.

    Raises DiskFull, and then leaves nothing behind.
    """
    arrays = root() / "datasets" / "arrays"
    with disk_full_guard(arrays):
        arrays.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=arrays, prefix=".building-"))
        try:
            digest = _write_parts(building, splits)
            _install(building, digest)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return digest


def _write_parts(building: Path, splits: Mapping[str, Split]) -> str:
    digest, manifest = hashlib.sha256(), {}
    for name in sorted(splits):
        order = stratified_order(splits[name].labels)
        for kind, array in (("inputs", splits[name].inputs), ("labels", splits[name].labels)):
            file = building / f"{name}_{kind}.npy"
            digest.update(f"{name} {kind} {array.dtype.str} {array.shape}\n".encode())
            _write_array(file, array, order, digest)
            manifest[file.name] = {
                "shape": list(array.shape),
                "bytes": file.stat().st_size,
                "sample": _sample(file),
            }
    checksummed_json.write(building / "manifest.json", manifest)
    return digest.hexdigest()


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
        names = {name.removesuffix("_inputs.npy") for name in manifest if name.endswith("_inputs.npy")}
        return {name: Split(arrays[f"{name}_inputs.npy"], arrays[f"{name}_labels.npy"]) for name in names}
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def _folder(digest: str) -> Path:
    return root() / "datasets" / "arrays" / digest


def _write_array(path: Path, array: np.ndarray, order: np.ndarray, digest: "hashlib._Hash") -> None:
    with path.open("wb") as file:
        header = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for rows in _chunks(order, max(1, array[:1].nbytes)):
            block = np.ascontiguousarray(array[rows]).data
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
