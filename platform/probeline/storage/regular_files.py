"""Local files that a user names: only regular ones are read, and every refusal is an OSError that says why.

A FIFO blocks whoever opens it and a device such as /dev/zero has no end, so neither is opened at all.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from probeline.errors import UserError

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
"""What a path is that is no regular file, by its type."""


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file, or a link to one, for reading in binary.

    Raises:
        OSError: no such file, no permission, no regular file, or a path that no file can have (NUL, too long).
    """
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "a path cannot hold a NUL character", str(path))
    _check_kind(path, path.stat().st_mode)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO put there meanwhile blocks nobody
    try:
        _check_kind(path, os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes. Raises OSError as `open_regular` does, and EFBIG."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(limit + 1) if size <= limit else b""
    if max(size, len(content)) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit:,} bytes", str(path))
    return content


def expanded(text: str | Path) -> Path:
    """A path with `~` and `~user` expanded. Raises UserError for a user that this machine does not know."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        user = str(text).partition("/")[0]
        raise UserError(f"{text}: this machine knows no home folder of {user!r}; write the path in full") from None


def reason(error: OSError | ValueError) -> str:
    """Why a file cannot be read or written, in a few words without its path."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _check_kind(path: Path, mode: int) -> None:
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, "a folder, no file", str(path))
    if kind != stat.S_IFREG:
        raise OSError(errno.EINVAL, f"{KINDS.get(kind, 'no regular file')}; only regular files are read", str(path))
