"""The files inside a folder, a tar or a zip, read in a stream: nothing is ever unpacked to disk."""

import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from probeline.data.archives import tar_members, zip_members
from probeline.data.archives.folder_walk import files_below
from probeline.data.archives.listing import MAX_BYTES, Listing, Unreadable
from probeline.data.source_paths import file_status, kind_of, reason, shown
from probeline.errors import UserError
from probeline.storage.regular_files import read_regular


def source_files(path: Path) -> list[Path]:
    """The files whose change means other content: the archive, or all files below the folder. Raises UserError."""
    return sorted(files_below(path)) if _is_folder(path) else [path]


def listing(path: Path) -> Listing:
    """The files inside. Raises UserError where the path is no archive, BadData where the archive is damaged."""
    if _is_folder(path):
        entries = Listing()
        entries.names.extend(file.relative_to(path).as_posix() for file in sorted(files_below(path, entries.skipped)))
        return entries
    return zip_members.listing(path) if zip_members.is_zip(path) else tar_members.listing(path)


def contents(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Name and bytes of each wanted file, in stored order; raises as `listing` does."""
    if _is_folder(path):
        return ((name, _content(path / name)) for name in sorted(wanted))
    return zip_members.contents(path, wanted) if zip_members.is_zip(path) else tar_members.contents(path, wanted)


def _is_folder(path: Path) -> bool:
    """Whether it is a folder and not a regular file. Raises UserError for what is neither."""
    status = file_status(path)
    if status is None:
        raise UserError(f"{shown(path)}: no such file or folder")
    if not stat.S_ISDIR(status.st_mode) and not stat.S_ISREG(status.st_mode):
        raise UserError(f"{shown(path)}: {kind_of(status)}; a folder or an archive is needed")
    return stat.S_ISDIR(status.st_mode)


def _content(path: Path) -> bytes | Unreadable:
    try:
        return read_regular(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        return Unreadable(reason(error))
