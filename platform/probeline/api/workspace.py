"""Where experiments are kept: the folder of a run, MLflow, and a storage for encoders and checkpoints."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path

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
