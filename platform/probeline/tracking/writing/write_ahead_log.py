"""The write-ahead log: what a trial said, on disk before it is sent to MLflow.

    <workdir>/spool/<session>/<trial id>.jsonl      one entry a line, in the order in which they were said
    <workdir>/spool/<session>/<trial id>.files/     the artifacts, linked or copied, under their own names
    <workdir>/spool/<session>/lock                  held as long as that session's writer lives

An entry is handed to the kernel before its call returns, so it outlives a killed process. The end of a trial is
flushed to the disk as well (`sync`), so a finished trial outlives a power cut; a power cut may take the last entries
of a running one, which its resumed trial records again.
"""

import contextlib
import errno
import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from probeline.core.events import Artifact
from probeline.errors import disk_full_guard
from probeline.storage import file_lock
from probeline.storage.paths import RemotePath, StoragePath, parse_path
from probeline.tracking.writing.entries import problem, safe_name

SET_ASIDE = "set_aside"  # below the root: logs that cannot be sent, for a person to look at
READ_AT_ONCE = 1 << 20  # bytes; a spool is never read whole, however long the server was away
log = logging.getLogger(__name__)


class WriteAheadLog:
    """One trial's entries in its session's folder."""

    def __init__(self, folder: Path, trial_id: str) -> None:
        self.trial_id = trial_id
        self.path = folder / f"{trial_id}.jsonl"
        self.files = folder / f"{trial_id}.files"

    def append(self, entry: dict) -> None:
        """Adds one entry whole, or nothing (DiskFull)."""
        line = json.dumps(entry, separators=(",", ":"), default=str).encode() + b"\n"
        with disk_full_guard(self.path), self.path.open("ab", buffering=0) as stream:
            before = stream.seek(0, os.SEEK_END)
            try:
                written = stream.write(line)
                if written != len(line):  # the last of the room went to the line's beginning
                    raise OSError(errno.ENOSPC, f"{written} of {len(line)} bytes written")
            except OSError:
                stream.truncate(before)
                raise

    def sync(self) -> None:
        """Returns once the entries are on the disk."""
        with self.path.open("rb") as stream:
            os.fsync(stream.fileno())

    def keep(self, artifact: Artifact) -> Path | RemotePath:
        """Links, or across file systems copies, the artifact beside the spool under its own name.

        What is in a remote storage stays there until it is sent. Raises FileNotFoundError, DiskFull, UserError.
        """
        try:
            name = safe_name(artifact.name)
        except ValueError as error:
            raise ValueError(f"artifact {artifact.name!r}: {error}") from None
        if isinstance(artifact.path, RemotePath):
            return artifact.path
        artifact.path.stat()  # a file that is not there is the trial's loss, not a folder that cannot be written
        target = self.files / name
        with disk_full_guard(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(f".{uuid.uuid4().hex}")
            try:
                _link_or_copy(artifact.path, fresh)
                fresh.replace(target)
            finally:
                fresh.unlink(missing_ok=True)
        return target

    def artifact(self, name: str, path: str) -> StoragePath:
        """Where an artifact that `keep` took is: in its remote storage, else beside the log, wherever that moved."""
        return parse_path(path) if "://" in path else self.files / name

    def size(self) -> int:
        """Bytes written so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def read(self, offset: int) -> tuple[list[tuple[dict, int]], int]:
        """Some entries from `offset` on, each with the offset after it, and the offset after all that was read.

        A last line without its end is not read.
        """
        entries, end = [], offset
        with self.path.open("rb") as stream:
            stream.seek(offset)
            while end - offset < READ_AT_ONCE and (line := stream.readline()).endswith(b"\n"):
                try:
                    entries.append((json.loads(line), end + len(line)))
                except (ValueError, RecursionError):
                    log.warning("%s: a damaged line at byte %d is left out", self.path, end)
                end += len(line)
        return entries, end

    def entries(self, offset: int = 0) -> Iterator[dict]:
        """Every entry from `offset` on."""
        while True:
            entries, end = self.read(offset)
            yield from (entry for entry, _ in entries)
            if end == offset:
                return
            offset = end

    def last_op(self) -> str:
        """What the last entry is; "" if there is none."""
        last = ""
        for entry in self.entries():
            last = entry["op"]
        return last

    def problem(self) -> str | None:
        """The first thing that keeps the log from being sent, with its line; None for a sound one.

        A log is sound if every line is an entry and the first one begins the trial, or ends it where nothing else
        is in it. A last line without its end is none yet.
        """
        with self.path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.endswith(b"\n"):
                    return None
                reason = problem(line)
                if reason is None and number == 1 and json.loads(line)["op"] not in ("started", "interrupted"):
                    reason = "the trial's start is not there"
                if reason:
                    return f"line {number}: {reason}"
        return None

    def set_aside(self, folder: Path) -> Path:
        """Moves the log and its files to `folder`, where no writer looks; returns where the log is now."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{self.path.parent.name}-{self.path.name}"
        if self.files.exists():
            self.files.rename(target.with_suffix(".files"))
        return self.path.rename(target)

    def repair(self) -> None:
        """Cuts off a last line that its writer did not finish, so that the next entry starts a line."""
        start, end = -1, 0
        while start != end:
            start, (_, end) = end, self.read(end)
        os.truncate(self.path, end)

    def remove(self) -> None:
        """Forgets the trial: everything of it is in MLflow."""
        shutil.rmtree(self.files, ignore_errors=True)
        self.path.unlink(missing_ok=True)


def _link_or_copy(path: Path, fresh: Path) -> None:
    try:
        os.link(path, fresh)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, fresh)


class Session:
    """One writer's folder of spools, locked while the writer lives. Raises BlockingIOError where another one does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lock = file_lock.try_hold(folder / "lock")
        if lock is None:
            raise BlockingIOError(errno.EWOULDBLOCK, "its writer is alive", str(folder))
        self._lock = lock

    def spools(self) -> list[WriteAheadLog]:
        """The spools in the folder, oldest first."""
        paths = sorted(self.folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        return [WriteAheadLog(self.folder, path.stem) for path in paths]

    def leave(self) -> None:
        """Gives the folder up; removes it if nothing waits in it."""
        if not any(self.folder.glob("*.jsonl")):
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def open_session(root: Path) -> Session:
    """A new folder under `root`."""
    with exclusive(root):
        folder = root / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        folder.mkdir()
        return Session(folder)


def abandoned(root: Path) -> list[Session]:
    """The folders under `root` whose writers are dead, taken over.

    A torn last line is cut off. A damaged log is set aside with a warning: its trial runs again, as the numbers that
    it had are made anew, and other trials go on.
    """
    sessions = []
    with exclusive(root):
        for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name != SET_ASIDE):
            with contextlib.suppress(BlockingIOError):
                sessions.append(Session(folder))
    for spool in (spool for session in sessions for spool in session.spools()):
        reason = spool.problem()
        if reason:
            moved = spool.set_aside(root / SET_ASIDE)
            log.warning(
                "%s cannot be sent (%s); it is set aside, and trial %s runs again", moved, reason, spool.trial_id
            )
        else:
            spool.repair()
    return sessions


def held(root: Path, trial_id: str, mine: set[Path]) -> bool:
    """Whether a live writer other than the owner of the folders `mine` owns this trial."""
    for path in root.glob(f"*/{trial_id}.jsonl"):
        if path.parent not in mine:
            with contextlib.suppress(FileNotFoundError):
                lock = file_lock.try_hold(path.parent / "lock")
                if lock is None:
                    return True
                lock.close()
    return False


@contextlib.contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """One process at a time opens, takes over or looks through the folders under `root`."""
    with file_lock.held(root / "lock"):
        yield
