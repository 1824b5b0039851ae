"""Where experiments are kept: the folder of a run, MLflow, and a storage for encoders and checkpoints."""

import os
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path

from probeline.errors import UserError, writing
from probeline.storage.paths import StoragePath, parse_path, tried
from probeline.tracking.server.location import resolve


def _folder() -> Path:
    return Path(os.environ.get("PROBELINE_FOLDER") or ".probeline")


def _storage() -> str | None:
    return os.environ.get("PROBELINE_STORAGE") or None


@dataclass(frozen=True)
class Workspace:
    """Where a run works and where results are read.

    `folder`: encoders, checkpoints and the spool; else $PROBELINE_FOLDER, else `.probeline`. `tracking_uri`: MLflow's
    address; else $MLFLOW_TRACKING_URI, else `mlflow.db` in the working directory. `storage`: encoders and checkpoints
    elsewhere, a folder or s3://BUCKET/PREFIX; else $PROBELINE_STORAGE, else the folder.
    """

    folder: str | PathLike[str] = field(default_factory=_folder)
    tracking_uri: str | None = None
    storage: str | None = field(default_factory=_storage)

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.folder)

    @cached_property
    def uri(self) -> str:
        """The address of MLflow. Raises UserError where it does not answer."""
        return resolve(self.tracking_uri)

    @cached_property
    def encoders_at(self) -> StoragePath:
        """Where encoders and checkpoints are, tried once if that is remote. Raises UserError."""
        return tried(parse_path(self.storage)) if self.storage else self.path


def writable_folder(option: str, folder: Path) -> None:
    """Makes an option's folder and writes a byte there, before anything that takes time. Raises UserError."""
    with writing(option, folder):
        check_name(option, folder)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")


def check_name(option: str, path: Path) -> None:
    """MLflow and Ray keep paths as UTF-8 text. Raises UserError for a path whose bytes are none."""
    try:
        str(path.resolve()).encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(
            f"{option} {path.resolve()}: a folder's name is not UTF-8 text, so MLflow can keep nothing there; rename it"
        ) from None
