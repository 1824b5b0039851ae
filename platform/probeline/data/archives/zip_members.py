"""Members of a zip, each decompressed up to its stated size and no further."""

import bz2
import copy
import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from probeline.data.archives.listing import MAX_BYTES, Listing, Unreadable, readable
from probeline.data.source_paths import reason

ENCRYPTED = 1  # bit of a member's flags
DOS = 0  # the system that wrote a member, where old programs put \ between folders


def is_zip(path: Path) -> bool:
    """Whether a file ends as a zip does."""
    return zipfile.is_zipfile(path)


def listing(path: Path) -> Listing:
    """The files inside, links aside. Raises UserError, BadData."""
    entries = Listing()
    with readable(path), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if _is_link(member):
                entries.skipped["links"] += 1
            elif not member.is_dir():
                entries.names.append(_name(member))
                if member.file_size > MAX_BYTES:
                    entries.too_long.append(_name(member))
    return entries


def contents(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Name and bytes of each wanted file, in stored order. Raises as `listing` does."""
    with readable(path), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not _is_link(member) and _name(member) in wanted:
                yield _name(member), _content(archive, member)


def _name(member: zipfile.ZipInfo) -> str:
    r"""The name with / between folders: some programs for Windows write a\b, where the format asks for a/b."""
    windows = member.create_system == DOS or "/" not in member.filename
    return member.filename.replace("\\", "/") if windows else member.filename


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | Unreadable:
    """A damaged member spoils itself, not the archive."""
    if member.flag_bits & ENCRYPTED:
        return Unreadable("encrypted; pack it without a password")
    if max(member.file_size, member.compress_size) > MAX_BYTES:
        return Unreadable(f"{member.file_size:,} bytes; at most {MAX_BYTES:,} of one file are read")
    if member.compress_type not in DECOMPRESS:
        return Unreadable(f"packed by method {member.compress_type}, which is not read; pack it with deflate")
    try:
        content = DECOMPRESS[member.compress_type](_packed(archive, member), member.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, IndexError) as error:
        return Unreadable(f"damaged inside the archive ({reason(error)})")
    if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
        return Unreadable("damaged inside the archive (its size or checksum differs)")
    return content


def _packed(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The compressed bytes of a member. zipfile's own decompression gives bzip2 and LZMA no bound on the output."""
    stored = copy.copy(member)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, member.compress_size
    del stored.CRC  # of the content, not of these bytes
    with archive.open(stored) as file:
        return file.read()


def _inflated(packed: bytes, limit: int) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit)


def _unbzipped(packed: bytes, limit: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(packed, limit)


def _unlzmad(packed: bytes, limit: int) -> bytes:
    """Two bytes of version, two of the properties' length, the properties, the stream (APPNOTE.TXT 5.8.8)."""
    end = 4 + int.from_bytes(packed[2:4], "little")
    unknown_size = b"\xff" * 8
    alone = packed[4:end] + unknown_size + packed[end:]  # the header of a .lzma file
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MAX_BYTES).decompress(alone, limit)


DECOMPRESS: dict[int, Callable[[bytes, int], bytes]] = {
    zipfile.ZIP_STORED: lambda packed, limit: packed[:limit],
    zipfile.ZIP_DEFLATED: _inflated,
    zipfile.ZIP_BZIP2: _unbzipped,
    zipfile.ZIP_LZMA: _unlzmad,
}
