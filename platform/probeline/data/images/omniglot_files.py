"""Omniglot's archives: where they are or are downloaded to, and what their members' names say."""

import re
import shutil
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from probeline.data import downloads
from probeline.data.archives import reader

URL = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
RUNS = "all_runs"
FOLDERS = {RUNS: "one-shot-classification/"}
"""Folder below URL of the archives that are not in it itself."""

MEMBER = re.compile(r"(?:.*/)?([^/]+)/(character\d+)/\d+_(\d+)\.(png|txt)")
DOWNLOAD_TIMEOUT_S = 60


@dataclass(frozen=True)
class Drawing:
    """One drawing by what its path says; `writer`: of the alphabet, the same person for all its characters."""

    alphabet: str
    character: str
    writer: str
    archive: Path
    name: str

    @classmethod
    def of(cls, archive: Path, name: str) -> Self | None:
        """None for a name that is no drawing's."""
        match = MEMBER.fullmatch(name)
        if match is None or "__MACOSX" in name:
            return None
        return cls(match[1], match[2], match[3], archive, name)


def sources(names: Sequence[str], config: downloads.DownloadSettings) -> list[Path]:
    """The archive `<name>.zip`, or the folder, of every name; absent ones are downloaded. Raises UserError."""
    root = downloads.folder(config, "omniglot", [each for name in names for each in (f"{name}.zip", name)])
    missing = [name for name in names if _source(name, root) is None]
    if missing:
        paths = [root / f"{name}.zip" for name in missing]
        downloads.fetch("omniglot", root, paths, partial(_download, missing, root))
    return [path for name in names if (path := _source(name, root)) is not None]


def drawings_of(archives: Sequence[Path]) -> list[Drawing]:
    """Every drawing of the archives once, by alphabet, character and writer. Raises UserError, BadData."""
    drawings: dict[tuple[str, str, str], Drawing] = {}
    for path in archives:
        for name in reader.listing(path).names:
            if drawing := Drawing.of(path, name):
                drawings.setdefault((drawing.alphabet, drawing.character, drawing.writer), drawing)
    return [drawings[key] for key in sorted(drawings)]


def _source(name: str, root: Path) -> Path | None:
    candidates = (root / f"{name}.zip", root / name)
    return next((path for path in candidates if path.exists()), None)


def _download(names: Sequence[str], root: Path) -> None:
    for name in names:
        unfinished = root / f".{name}.zip.part"
        address = f"{URL}/{FOLDERS.get(name, '')}{name}.zip"
        with urllib.request.urlopen(address, timeout=DOWNLOAD_TIMEOUT_S) as answer, unfinished.open("wb") as file:
            shutil.copyfileobj(answer, file)
        unfinished.rename(root / f"{name}.zip")
