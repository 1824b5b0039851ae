"""Members of a tar or tar.gz, read in a stream, with bounds on what its headers may claim."""

import gzip
import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from probeline.data.archives.listing import MAX_BYTES, Listing, Unreadable, readable
from probeline.errors import BadData, UserError

MAX_HEADER_BYTES = 2**20  # of one member's headers: long names, pax records, maps of sparse files
MAX_TAIL_BYTES = 2**26  # after the end mark; tar itself writes 10 KiB at most
CHUNK = 2**20


def listing(path: Path) -> Listing:
    """The regular files inside, to the archive's very end. Raises UserError, BadData."""
    entries = Listing()
    for member, _ in _members(path):
        if member.isreg():
            entries.names.append(member.name)
            if member.size > MAX_BYTES:
                entries.too_long.append(member.name)
        elif not member.isdir():
            entries.skipped["links" if member.islnk() or member.issym() else "devices and pipes"] += 1
    return entries


def contents(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Name and bytes of each wanted file, in stored order. Raises as `listing` does."""
    for member, file in _members(path):
        if member.isreg() and member.name in wanted:
            yield member.name, _content(path, member, file)


def _content(path: Path, member: tarfile.TarInfo, file: "_Budgeted") -> bytes | Unreadable:
    if member.issparse():
        return Unreadable("stored as a sparse file; pack it anew without --sparse")
    if member.size > MAX_BYTES:
        return Unreadable(f"{member.size:,} bytes; at most {MAX_BYTES:,} of one file are read")
    with readable(path):
        file.budget = member.size
        file.seek(member.offset_data)
        content = file.read(member.size)
        if len(content) < member.size:
            raise tarfile.ReadError("it ends in the middle")
    return content


def _members(path: Path) -> Iterator[tuple[tarfile.TarInfo, "_Budgeted"]]:
    """Every member: a damaged header or a missing end mark is no end of the archive."""
    with readable(path), _opened(path) as stream:
        file = _Budgeted(path, stream)
        try:
            archive = tarfile.TarFile(fileobj=cast(BinaryIO, file))
        except tarfile.ReadError as error:
            raise UserError(f"{path}: neither a folder nor a tar, tar.gz or zip archive, or damaged") from error
        while (member := _next(archive, file)) is not None:
            if member.size < 0:
                raise tarfile.ReadError("a member of negative size")
            yield member, file
            archive.members = []  # type: ignore[attr-defined]  # it keeps every member otherwise
        if file.last.strip(b"\0") or not file.last:
            raise tarfile.ReadError("it ends in the middle")
        _read_tail(path, stream)


def _next(archive: tarfile.TarFile, file: "_Budgeted") -> tarfile.TarInfo | None:
    file.budget = MAX_HEADER_BYTES
    return archive.next()


def _read_tail(path: Path, stream: BinaryIO) -> None:
    """To the end of the file, where a gzip checks its checksum."""
    tail = 0
    while block := stream.read(CHUNK):
        tail += len(block)
        if tail > MAX_TAIL_BYTES:
            raise BadData(f"{path}: more than {MAX_TAIL_BYTES:,} bytes follow the end of the archive; pack it anew")


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path)) if zipped else path.open("rb")


class _Budgeted:
    """A file for tarfile that refuses to read more than its budget, and remembers what was read last.

    tarfile reads a header of any claimed length into memory, and takes a damaged one for the archive's end.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.seek, self.tell = file.seek, file.tell
        self.budget, self.last = MAX_HEADER_BYTES, b""
        self._path, self._read = path, file.read

    def read(self, size: int) -> bytes:
        if size > self.budget:
            raise BadData(
                f"{self._path}: a header of {size:,} bytes or more; at most {MAX_HEADER_BYTES:,} are read; pack it anew"
            )
        self.budget -= size
        self.last = self._read(size)
        return self.last
