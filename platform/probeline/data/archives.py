"""The files inside a folder, a tar or a zip, read in a stream: nothing is ever unpacked to disk."""

import gzip
import os
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from probeline.errors import BadData, UserError

MAX_BYTES = 2**28  # of one file inside an archive; a longer one is no picture


def source_files(path: Path) -> list[Path]:
    """The files whose change means other content: the archive, or all files below the folder. Raises UserError."""
    if path.is_dir():
        return sorted(_walk(path))
    if path.is_file():
        return [path]
    raise UserError(f"{path}: no such file or folder")


def names(path: Path) -> list[str]:
    """Names of the files inside, with / between folders, in their stored order; links in archives are no files.

    Raises UserError where the path is no archive, BadData where the archive is damaged.
    """
    if path.is_dir():
        return [file.relative_to(path).as_posix() for file in source_files(path)]
    if zipfile.is_zipfile(path):
        with _readable(path), zipfile.ZipFile(path) as archive:
            return [member.filename for member in archive.infolist() if not member.is_dir()]
    return [member.name for member, _ in _tar_members(path)]


def contents(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes | None]]:
    """Name and bytes of each wanted file, in stored order; None for one that is damaged or too long by itself.

    Raises as `names` does.
    """
    if path.is_dir():
        return ((name, _bytes_of(path / name)) for name in sorted(wanted))
    return _from_zip(path, wanted) if zipfile.is_zipfile(path) else _from_tar(path, wanted)


def _from_tar(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes | None]]:
    for member, archive in _tar_members(path):
        if member.name in wanted:
            yield member.name, archive.extractfile(member).read() if member.size <= MAX_BYTES else None


def _tar_members(path: Path) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """The regular files of a tar, to its very end: a damaged header or a missing end mark is no end of the archive."""
    with _readable(path), _opened(path) as file:
        watched = _LastRead(file)
        try:
            archive = tarfile.TarFile(fileobj=watched)
        except tarfile.ReadError as error:
            raise UserError(f"{path}: neither a folder nor a tar, tar.gz or zip archive, or damaged") from error
        for member in archive:
            if member.isreg():
                yield member, archive
            archive.members = []  # it keeps every member otherwise
        if watched.last.strip(b"\0") or not watched.last:
            raise tarfile.ReadError("it ends in the middle")
        while file.read(MAX_BYTES):  # a gzip checks its checksum at its end
            pass


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if zipped else path.open("rb")


class _LastRead:
    """A file that remembers what was read last: tarfile takes a damaged header for the archive's end, silently."""

    def __init__(self, file: BinaryIO):
        self.seek, self.tell, self._read, self.last = file.seek, file.tell, file.read, b""

    def read(self, size: int = -1) -> bytes:
        self.last = self._read(size)
        return self.last


def _from_zip(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes | None]]:
    with _readable(path), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.filename in wanted:
                try:  # a wrong checksum spoils one member, not the archive
                    yield member.filename, archive.read(member) if member.file_size <= MAX_BYTES else None
                except (zipfile.BadZipFile, zlib.error, RuntimeError):  # RuntimeError: encrypted
                    yield member.filename, None


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError:
        return None


def _walk(folder: Path) -> Iterator[Path]:
    """Files below the folder, hidden ones aside; a link to a folder is followed once."""
    seen = set()
    for place, below, files in os.walk(folder, followlinks=True):
        key = (Path(place).stat().st_dev, Path(place).stat().st_ino)
        below[:] = [name for name in below if not name.startswith(".")] if key not in seen else []
        if key not in seen:
            yield from (Path(place) / name for name in files if not name.startswith("."))
        seen.add(key)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turns what tarfile, gzip and zipfile raise about a broken archive into BadData."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise BadData(f"{path}: the archive is damaged ({error}); fetch it again") from error
