"""Paths of data as users write them, and how a message repeats a name and a reason."""

import errno
import os
import stat
from pathlib import Path

from probeline.errors import UserError
from probeline.experiment.problems import printable
from probeline.storage.regular_files import KINDS, expanded

MAX_SHOWN = 200
"""Characters of a name that a message repeats; of a longer one the beginning and its length."""

REASONS = {
    errno.ENOENT: "no such file",
    errno.EACCES: "permission denied",
    errno.ELOOP: "a link that leads back to itself",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOTDIR: "a part of the path is no folder",
}


def shown(text: object) -> str:
    """`text` on one line, without control characters, marks of direction or broken Unicode, and cut where long."""
    escaped = printable(str(text))
    return escaped if len(escaped) <= MAX_SHOWN else f"{escaped[:MAX_SHOWN]}... ({len(str(text)):,} characters)"


def reason(error: Exception) -> str:
    """A short reason of an error, without the path that an OSError repeats."""
    if isinstance(error, OSError) and error.errno is not None:
        return REASONS.get(error.errno) or shown(error.strerror or error)
    return shown(str(error) or type(error).__name__)


def user_path(text: str) -> Path:
    """`text` as an absolute path, `~` and `~user` expanded. Raises UserError."""
    return expanded(text).absolute()


def file_status(path: Path) -> os.stat_result | None:
    """What the system says of a file or folder, links followed; None where it is absent. Raises UserError."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UserError(f"{shown(path)}: cannot be looked at: {reason(error)}") from error


def kind_of(status: os.stat_result) -> str:
    """A folder, a FIFO, ...: what is not a regular file, in words."""
    return KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
