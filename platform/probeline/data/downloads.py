"""The folder that downloaded data sets lie in, and a download that says what to do where there is no network."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field

from probeline.core.settings import NotHashed
from probeline.data.settings import DatasetSettings
from probeline.data.source_paths import user_path
from probeline.errors import UserError
from probeline.storage import file_lock


class DownloadSettings(DatasetSettings):
    """Base of the `Config` of data sets that can be downloaded."""

    path: Annotated[str | None, NotHashed] = Field(
        None,
        description="Folder of the files, downloaded if absent; else PROBELINE_DATA or ~/.cache/probeline/downloads.",
    )


def folder(config: DownloadSettings, dataset: str, names: Iterable[str]) -> Path:
    """Where the files are, or are downloaded to: the folder named, or its folder `dataset` where one of `names` is."""
    root = user_path(config.path or os.environ.get("PROBELINE_DATA") or "~/.cache/probeline/downloads")
    # `Path.exists` raises for a path that is too long, which is to be told as absent files.
    below = any(os.path.exists(root / dataset / name) for name in names)  # noqa: PTH110
    return root / dataset if below else root


def fetch(name: str, into: Path, missing: list[Path], download: Callable[[], object]) -> None:
    """Run `download` alone on this node. Raises UserError, which names the missing files, where it fails."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        with file_lock.held(into / ".downloading.lock"):
            download()
    except (OSError, RuntimeError) as error:  # URLError is an OSError; torchvision raises RuntimeError
        listed = "\n".join(f"  {path}" for path in missing)
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise UserError(
            f"data set {name}: these files are missing and could not be downloaded ({reason}):\n{listed}\n"
            "Put them there by hand, or give the folder that holds them as `path`"
        ) from error
