"""Where trials keep what lasts: a folder, or an address in a remote storage such as s3://bucket/prefix.

An `Address` has the part of `pathlib.Path` that is needed, by fsspec, which is imported only then. Its login comes from
the environment alone (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, or what its fsspec package reads).
"""

import contextlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from probeline.errors import StorageError, UserError, disk_full_guard, parsing
from probeline.storage.deadline import within
from probeline.storage.redaction import redacted

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

ANSWER_TIMEOUT_S = 20.0
"""Seconds that a storage has to take, give back and forget a few bytes before anything runs."""

PACKAGES = {"s3": "probeline[s3]", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
"""What to install for a scheme."""

OPTIONS = {"s3": {"config_kwargs": {"connect_timeout": 5, "read_timeout": 60}}}
"""What a scheme's file system is told beside its defaults; s3fs waits a minute for who does not listen."""


@dataclass(frozen=True, order=True)
class RemotePath:
    """A file or a folder in a remote storage. Every call raises StorageError where the storage does not do it."""

    uri: str

    def __truediv__(self, name: str) -> "RemotePath":
        return RemotePath(f"{self.uri.rstrip('/')}/{name}")

    def __str__(self) -> str:
        return self.uri

    @property
    def name(self) -> str:
        """Its last part."""
        return PurePosixPath(self._path).name

    @property
    def stem(self) -> str:
        """Its last part, without what follows the last dot."""
        return PurePosixPath(self._path).stem

    def is_file(self) -> bool:
        """Whether there is a file."""
        with self._as_storage_errors():
            return self._files.isfile(self._path)

    def size(self) -> int:
        """Bytes of the file, or of all files below it."""
        with self._as_storage_errors():
            return sum(info["size"] or 0 for info in self._files.find(self._path, detail=True).values())

    def iterdir(self) -> list["RemotePath"]:
        """What is directly in the folder, sorted; nothing where there is none."""
        with self._as_storage_errors():
            try:
                listed = self._files.ls(self._path, detail=False)
            except FileNotFoundError:
                return []
        names = {PurePosixPath(each).name for each in listed} - {self.name}
        return [self / name for name in sorted(names)]

    def read_bytes(self) -> bytes:
        """The file's content. Raises FileNotFoundError."""
        with self._as_storage_errors():
            return self._files.cat_file(self._path)

    def write_bytes(self, content: bytes) -> None:
        """Puts one object: who reads it sees the old or the new content, whole."""
        with self._as_storage_errors():
            self._files.pipe_file(self._path, content)

    def remove(self) -> None:
        """Deletes the file, or all files below it; what is not there stays so."""
        with self._as_storage_errors(), contextlib.suppress(FileNotFoundError):
            self._files.rm(self._path, recursive=True)

    @property
    def _files(self) -> "AbstractFileSystem":
        import fsspec

        scheme = urlsplit(self.uri).scheme
        return fsspec.filesystem(scheme, use_listings_cache=False, **OPTIONS.get(scheme, {}))

    @property
    def _path(self) -> str:
        return self._files._strip_protocol(self.uri)

    @contextmanager
    def _as_storage_errors(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:  # each storage has its own
            raise StorageError(f"storage {self.uri}: {reason(error)}") from error


StoragePath = Path | RemotePath


def parse_path(text: str | Path) -> StoragePath:
    """What a path or a URI names.

    Raises:
        UserError: a login in it, a scheme that fsspec does not know, or one whose package is not installed.
    """
    text = str(text)
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        if redacted(text) != text:  # else a folder would get a password as its name
            raise UserError(
                f"storage {redacted(text)}: looks like a login without a scheme; allowed: a folder, or an address such "
                "as s3://BUCKET/PREFIX, with the login in the environment"
            )
        return Path(text)
    shown = redacted(text)
    with parsing(f"storage {shown}", "a folder, or an address such as s3://BUCKET/PREFIX"):
        parts = urlsplit(text)
    if "@" in parts.netloc:
        raise UserError(
            f"storage {shown}: a login is no part of an address, which everybody sees; take it out, and set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or what the storage reads) in the environment"
        )
    if parts.query or parts.fragment:
        raise UserError(f"storage {parts.scheme}://{parts.netloc}...: allowed: SCHEME://BUCKET/PREFIX and no more")
    if parts.scheme == "file":
        return Path(parts.path)
    import fsspec

    try:
        fsspec.get_filesystem_class(parts.scheme)
    except ValueError as error:
        allowed = "a folder, or an address such as s3://BUCKET/PREFIX"
        raise UserError(f"storage {shown}: {reason(error)}; allowed: {allowed}") from None
    except ImportError as error:
        package = PACKAGES.get(parts.scheme, "its package")
        raise UserError(f"storage {shown}: {reason(error)}; pip install '{package}'") from None
    return RemotePath(text.rstrip("/"))


def tried(where: StoragePath, seconds: float = ANSWER_TIMEOUT_S) -> StoragePath:
    """The same place, once it has taken, given back and forgotten a few bytes.

    Raises:
        UserError: within `seconds`, where it does not: no such bucket, no or a wrong login, nothing listens.
    """
    if isinstance(where, Path):
        return where
    try:
        within(seconds, lambda: _write_and_read(where / f".probeline-{uuid.uuid4().hex}"))
    except TimeoutError:
        why = f"storage {where}: it does not answer within {seconds:g} s"
    except FileNotFoundError as error:
        why = f"storage {where}: {reason(error)}"
    except StorageError as error:
        why = str(error)
    else:
        return where
    raise UserError(f"{why}; check its bucket, its login (in the environment) and AWS_ENDPOINT_URL")


def _write_and_read(probe: RemotePath) -> None:
    probe.write_bytes(b"probeline")
    same = probe.read_bytes() == b"probeline"
    probe.remove()
    if not same:
        raise StorageError(f"storage {probe}: it gives back something else than it took")


def resolved(where: StoragePath) -> StoragePath:
    """The place as another process finds it, whatever folder it stands in."""
    return where if isinstance(where, RemotePath) else where.resolve()


@contextmanager
def on_disk(where: StoragePath) -> Iterator[Path]:
    """The file as one of this machine, under its own name, as long as the context lasts. Raises FileNotFoundError."""
    if isinstance(where, Path):
        yield where
        return
    with tempfile.TemporaryDirectory(prefix="probeline-") as folder:
        file = Path(folder) / where.name
        file.write_bytes(where.read_bytes())
        yield file


def write_atomic(where: StoragePath, content: bytes) -> None:
    """Writes a file so that a reader, now or after a crash, sees all of it or none. Raises DiskFull, StorageError."""
    if isinstance(where, RemotePath):
        where.write_bytes(content)
        return
    with disk_full_guard(where), replacement(where) as part, part.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """A path for a new file beside `path`, which replaces it at the end; where the context fails, it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def remove(where: StoragePath) -> None:
    """Deletes a file or a folder with all below it; what is not there stays so. Raises OSError, StorageError."""
    if isinstance(where, RemotePath):
        where.remove()
    elif where.is_dir():
        shutil.rmtree(where)
    else:
        where.unlink(missing_ok=True)


def reason(error: Exception) -> str:
    """What a storage's library says, in a line without a login."""
    line = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return redacted(line)[:300]
