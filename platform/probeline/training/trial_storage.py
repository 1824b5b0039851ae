"""Where trials keep encoders, checkpoints and artifacts, and whether there is room for them."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from probeline.core.events import Artifact, TrialEvent
from probeline.core.method import Method
from probeline.errors import disk_full_guard
from probeline.storage.paths import RemotePath, StoragePath
from probeline.training.checkpoints import Checkpoint
from probeline.training.encoder_store import EncoderStore


@dataclass(frozen=True)
class Storage:
    """Where trials keep files: `encoders/`, `checkpoints/` and `artifacts/` below one folder, here or remote."""

    folder: StoragePath

    @property
    def encoders(self) -> EncoderStore:
        return EncoderStore(self.folder / "encoders")

    def checkpoint(self, encoder_id: str) -> Checkpoint:
        return Checkpoint(self.folder / "checkpoints" / f"{encoder_id}.safetensors")

    @contextmanager
    def artifacts(self, trial_id: str) -> Iterator[Path]:
        """A folder of this machine for a trial's artifacts; `stored` says where each of them is in the end."""
        if isinstance(self.folder, RemotePath):
            with TemporaryDirectory(prefix="probeline-") as temporary:
                yield Path(temporary)
            return
        folder = self.folder / "artifacts" / trial_id
        folder.mkdir(parents=True, exist_ok=True)
        yield folder

    def stored(self, trial_id: str, event: TrialEvent) -> TrialEvent:
        """An event of a trial, an artifact's file where the trial's driver can read it."""
        if not isinstance(event, Artifact) or not isinstance(self.folder, RemotePath):
            return event
        there = self.folder / "artifacts" / trial_id / event.name
        there.write_bytes(event.path.read_bytes())
        return replace(event, path=there)


def check_room(storage: Storage, method: Method) -> None:
    """Raises DiskFull before a training whose encoder and momentum could not be kept."""
    need = 2 * sum(tensor.nbytes for tensor in method.state_dict().values())
    if isinstance(storage.folder, RemotePath):  # its free space is unknown
        return
    with disk_full_guard(storage.folder):
        storage.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(storage.folder).free
        if free < need:
            raise OSError(errno.ENOSPC, f"{need} bytes needed, {free} are free")
