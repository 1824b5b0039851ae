"""Failures of trials as kind, message and traceback."""

import traceback

from probeline.errors import FULL, DiskFull, TrialError, UserError, disk_full_message

MEMORY_WORDS = ("can't allocate memory", "cannot allocate memory", "out of memory")
"""Words of libraries for memory that ran out on the CPU, in errors of no class of their own."""


def describe(error: Exception) -> dict[str, str]:
    """The `kind`, `message` and `traceback` of an exception."""
    if isinstance(error, OSError) and error.errno in FULL:  # a plug-in's own file
        error = DiskFull(disk_full_message(error.filename or "a file of this trial", error)).with_traceback(
            error.__traceback__
        )
    expected = isinstance(error, TrialError | UserError)
    kind = getattr(error, "kind", "user_error" if expected else "error")
    if not expected and (isinstance(error, MemoryError) or any(words in str(error).lower() for words in MEMORY_WORDS)):
        kind = "out_of_memory"
    return {
        "kind": kind,
        "message": str(error) if expected else f"{type(error).__name__}: {error}",
        "traceback": "".join(traceback.format_exception(error)),
    }
