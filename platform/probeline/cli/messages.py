"""What a command that failed says: one message on standard error and exit code 2, never a traceback."""

import errno
import logging
import sys

from probeline.errors import FULL, REFUSED, TrialError, UserError, disk_full_message
from probeline.experiment.problems import safe

OF_SYSTEM = REFUSED | {errno.EEXIST, errno.EMFILE, errno.ENFILE}
"""Numbers of errors that come from paths and limits of this machine, not from a mistake in the program."""

REMEDY = "correct the path, its permissions, or the option that names it"


def message_of(error: BaseException) -> str | None:
    """The message for a failure that the user can do something about; None for a mistake in the program."""
    if isinstance(error, UserError | TrialError):  # planning reads data, which may be damaged
        return str(error)
    if isinstance(error, OSError) and error.errno in FULL:
        return disk_full_message(error.filename or "a file", error)
    if isinstance(error, OSError) and error.errno in OF_SYSTEM:
        return f"{error.filename or 'this machine'}: {error.strerror}; {REMEDY}"
    if hasattr(error, "format_message"):  # an option or an argument that the command line does not have
        return str(error.format_message())
    return None


def echo(text: object, end: str = "\n") -> None:
    """Prints to standard output what may hold names and messages from elsewhere: see `safe`."""
    print(safe(str(text)), end=end, flush=True)


def say(message: str) -> None:
    """Prints a message to standard error: see `safe`."""
    print(safe(message), file=sys.stderr, flush=True)


class SafeFormatter(logging.Formatter):
    """Log lines as `safe` shows them."""

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record))


def log_safely() -> None:
    """Warnings that no handler takes reach standard error without logins, keys or control characters."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(SafeFormatter())


def accept_any_locale() -> None:
    """Lets output go on where the locale lacks a character: it is written as its escape, `\\xfc`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
