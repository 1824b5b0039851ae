"""What an archive or folder holds, and how a damaged one is reported."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from probeline.data.source_paths import reason
from probeline.errors import BadData, TrialError, UserError

MAX_BYTES = 2**28  # of one file inside an archive or folder; a longer one is no picture


@dataclass(frozen=True)
class Listing:
    """names: of the files, with / between folders, in stored order; skipped: how many entries of which kind are none.

    too_long: names of files above MAX_BYTES, where the archive says so.
    """

    names: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    too_long: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Unreadable:
    """Takes the place of a file's bytes: the reason why they cannot be read."""

    reason: str


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns whatever a reader raises about the archive at `path` into BadData.

    tarfile, gzip and zipfile raise errors of a dozen types about archives that are damaged on purpose.
    """
    try:
        yield
    except (UserError, TrialError, MemoryError):
        raise
    except PermissionError as error:
        raise UserError(f"{path}: cannot be read: {reason(error)}") from error
    except Exception as error:
        raise BadData(f"{path}: the archive is damaged ({reason(error)}); fetch it again") from error
