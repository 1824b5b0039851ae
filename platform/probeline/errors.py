"""The ways in which a command or a trial can fail, by name."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota is used up", errno.EFBIG: "the file is too large"}
"""How an operating system says that there is no room, by its number."""


MAX_SHOWN = 300
"""Characters of a value that a message repeats."""

REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP}
"""Numbers by which an operating system says that a path is not for this user, or is no place for a file."""

NO_FOLDER = REFUSED | {errno.ENOENT}
"""Those of a write, too, where folders cannot be made, as below /proc."""


class UserError(Exception):
    """A mistake that the user can mend: shown as its message alone, exit code 2.

    The message says where, what came, and what to do.
    """


class TrialError(Exception):
    """A trial that cannot finish; `kind` is its class in `status`, tags and the report."""

    kind = "error"


class Diverged(TrialError):
    """The loss is not finite. The same seed diverges again, so it is never retried."""

    kind = "diverged"


class BadData(TrialError):
    """A data set's files are missing or damaged; the message names them."""

    kind = "bad_data"


class OutOfMemory(TrialError):
    """The device has no memory left for this recipe."""

    kind = "out_of_memory"


class DiskFull(TrialError):
    """There is no room for a file that must be kept; the message names it. What stood there before stands."""

    kind = "disk_full"


@contextmanager
def disk_full_guard(path: Path) -> Iterator[None]:
    """Around what writes at `path`, in place of the system's error, which often names no file.

    Raises:
        DiskFull: there is no room.
        UserError: the path cannot be written by this user, or a part of it is no folder.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(disk_full_message(path, error)) from error
        if error.errno in NO_FOLDER:
            raise UserError(
                f"{path}: cannot be written ({error.strerror}); give this user the right to write there, or use "
                "another folder (--folder; PROBELINE_CACHE for the data cache)"
            ) from error
        raise


@contextmanager
def writing(option: str, path: Path) -> Iterator[None]:
    """Around what writes at a path that `option` names. Raises UserError, DiskFull in place of the system's errors."""
    if "\0" in str(path):
        raise UserError(f"{option} {path}: cannot be written (a path cannot hold a NUL character); name another path")
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(disk_full_message(path, error)) from error
        shown = str(path)[:MAX_SHOWN]
        raise UserError(f"{option} {shown}: cannot be written ({error.strerror}); name another path") from error


@contextmanager
def parsing(what: str, allowed: str) -> Iterator[None]:
    """Around what makes sense of a value that a user gave. Raises UserError in place of whatever that raises.

    Args:
        what: the option and its value, without a login. allowed: what to give instead, with an example.
    """
    try:
        yield
    except (ValueError, ArithmeticError, LookupError, TypeError, OSError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0][:200] or type(error).__name__
        shown = what if len(what) <= MAX_SHOWN else f"{what[: MAX_SHOWN - 3]}..."
        raise UserError(f"{shown}: {reason}; allowed: {allowed}") from None


def disk_full_message(path: Path | str, error: OSError) -> str:
    """What to say of a write at `path` for which there was no room."""
    reason = FULL.get(error.errno or 0, error.strerror)
    return (
        f"{path}: cannot be written, {reason}; make room there (probeline gc lists what no trial needs) or "
        "use another disk (--folder, PROBELINE_CACHE), then run again: it goes on where it was"
    )


class StorageError(TrialError):
    """A remote storage does not do what it was asked. The trial may be well; it goes on from its last checkpoint."""

    kind = "storage"


class NotApplicable(Exception):
    """A protocol cannot judge this method or these data: the trial goes on, and the message is kept as a note."""
