"""The files below a folder: links are followed once, and nothing vanishes because it cannot be read."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from probeline.data.source_paths import reason, shown
from probeline.errors import UserError

SYSTEM = ("/proc", "/sys", "/dev")
"""File systems that hold no data: their files are endless, change while read, or are devices."""

IGNORED = {"lost+found"}  # belongs to the disk, and only its owner may read it


def files_below(folder: Path, skipped: Counter[str] | None = None) -> Iterator[Path]:
    """Every file below `folder` but hidden ones, whatever it is; `skipped` counts what is passed over, by kind.

    A link to a folder is followed unless that folder is read anyway: folders come before links, so that what a file is
    called does not depend on the disk's order. Raises UserError for a folder that cannot be read, and for a link to a
    system folder or to one that holds `folder` itself.
    """
    skipped = Counter() if skipped is None else skipped
    seen: set[tuple[int, int]] = set()
    system = {Path(path).stat().st_dev for path in SYSTEM if Path(path).is_dir()}
    above = {_key(parent) for parent in folder.resolve().parents}
    folders: list[Path] = [folder]
    links: list[Path] = []
    while folders or links:
        path = folders.pop() if folders else links.pop()
        key = _key(path)
        if key[0] in system:
            raise UserError(f"{shown(path)}: a system folder, which holds no data; remove the link or the path")
        if key in above:
            raise UserError(f"{shown(path)}: a link to a folder that holds {shown(folder)} itself; remove the link")
        if key in seen:
            skipped["links to folders that are read already"] += 1
            continue
        seen.add(key)
        for entry in _entries(path, skipped):
            if _is_folder(entry):
                (links if entry.is_symlink() else folders).append(path / entry.name)
            else:
                yield path / entry.name
        links.sort(reverse=True)


def _entries(folder: Path, skipped: Counter[str]) -> list[os.DirEntry[str]]:
    """What stands in a folder, but for what is hidden. Raises UserError."""
    try:
        with os.scandir(folder) as scan:
            entries = list(scan)
    except OSError as error:
        raise UserError(
            f"{shown(folder)}: the folder cannot be read: {reason(error)}; make it readable or remove it"
        ) from error
    visible = [entry for entry in entries if not entry.name.startswith(".") and entry.name not in IGNORED]
    skipped["hidden files and folders"] += len(entries) - len(visible)
    return visible


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself: its reader says so
        return False


def _key(folder: Path) -> tuple[int, int]:
    try:
        status = folder.stat()
    except OSError as error:
        raise UserError(f"{shown(folder)}: cannot be looked at: {reason(error)}") from error
    return status.st_dev, status.st_ino
