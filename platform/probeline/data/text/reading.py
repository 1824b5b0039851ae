"""Text files, plain or gzipped, as text: UTF-8 without NUL bytes, or a message with file and line."""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from probeline.data.archives.folder_walk import files_below
from probeline.data.source_paths import reason, shown
from probeline.errors import BadData, UserError
from probeline.storage.regular_files import open_regular

SUFFIXES = (".txt", ".txt.gz")
BLOCK = 2**22
MAX_BYTES = 2**32
"""Of one file, unpacked: what is read is held in memory."""


def text_files(path: Path) -> list[Path]:
    """The file itself, or every .txt and .txt.gz below a folder in order of name. Raises UserError where none is."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in files_below(path) if file.name.endswith(SUFFIXES))
    if not files:
        raise UserError(f"{shown(path)}: no {' or '.join(SUFFIXES)} below this folder; give a folder or file of text")
    return files


def read_text(path: Path) -> str:
    """The text of a file, its line ends as \\n, without a byte order mark. Raises as `text_blocks`."""
    return "".join(text_blocks(path, None))


def text_blocks(path: Path, boundary: re.Pattern[bytes] | None) -> Iterator[str]:
    """The text of a file in blocks of about BLOCK bytes, cut where `boundary` matches, which is left out; None: whole.

    Line ends are \\n, and there is no byte order mark. A text as one `str` takes up to four bytes a character.

    Raises UserError where it cannot be opened; BadData where it is not UTF-8, holds NUL bytes or is a damaged gzip.
    """
    content = _content(path).removeprefix(codecs.BOM_UTF8)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    start = 0
    while start < len(content):
        match = boundary.search(content, start + BLOCK) if boundary else None
        end, following = match.span() if match else (len(content), len(content))
        yield _decoded(content, start, end, path)
        start = following


def _decoded(content: bytes, start: int, end: int, path: Path) -> str:
    nul = content.find(b"\0", start, end)
    if nul >= 0:
        line = content.count(b"\n", 0, nul) + 1
        raise BadData(f"{shown(path)}:{line}: a NUL byte, which no text holds; is this a text file? (UTF-16 has many)")
    try:
        return content[start:end].decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, start + error.start) + 1
        raise BadData(
            f"{shown(path)}:{line}: byte 0x{content[start + error.start]:02x} is no UTF-8; save the file as UTF-8 "
            "(iconv -f latin1 -t utf-8 converts Latin-1)"
        ) from None


def _content(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            if not path.name.endswith(".gz"):
                content = file.read(MAX_BYTES + 1)
            else:
                with gzip.open(file) as unpacked:
                    content = unpacked.read(MAX_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadData(f"{shown(path)}: a damaged gzip file ({shown(error)}); copy or download it again") from None
    except OSError as error:
        raise UserError(f"{shown(path)}: cannot be read: {reason(error)}; give the path of a text file") from None
    if len(content) > MAX_BYTES:
        raise UserError(f"{shown(path)}: more than {MAX_BYTES:,} bytes of text; split it into several files")
    return content
