"""Finished encoders by id: safetensors and a JSON description, written whole or not at all, read only where sound."""

import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, FiniteFloat, TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from probeline.errors import UserError, disk_full_guard
from probeline.experiment.trial import Teacher
from probeline.storage.paths import RemotePath, StoragePath, on_disk, remove, write_atomic
from probeline.training.checkpoints import on_host

log = logging.getLogger(__name__)


class StoredRecord(BaseModel):
    """A number of the training, as `Record.as_dict` gives it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: str
    value: FiniteFloat
    step: int
    time: FiniteFloat


class Description(BaseModel):
    """What `encoder.json` must say for a stored encoder to be used; it may say more."""

    model_config = ConfigDict(strict=True, extra="allow")

    encoder_id: str
    seed: int
    dim: int
    recipe: dict[str, Any]
    records: list[StoredRecord]
    notes: dict[str, str] = {}


DESCRIPTION = TypeAdapter(Description)


class EncoderStore:
    """Finished methods by encoder id: a folder each with the encoder, what the method has beside it, and facts.

    `encoder.safetensors` is the encoder alone, as `weights:` takes it; `method.safetensors` holds projectors, decoders,
    banks; `encoder.json` the facts.
    """

    def __init__(self, folder: StoragePath) -> None:
        self.folder = folder

    def save(self, encoder_id: str, method: nn.Module, facts: dict) -> StoragePath:
        """Stores a method and its `encoder` with JSON-able facts; of two writers with one id the first stays.

        Raises DiskFull, and then leaves nothing behind.
        """
        target = self.folder / encoder_id
        state = method.state_dict()
        encoder = {key.removeprefix("encoder."): value for key, value in state.items() if key.startswith("encoder.")}
        beside = {key: value for key, value in state.items() if not key.startswith("encoder.")}
        contents = {
            "encoder.safetensors": save(on_host(encoder)),
            "method.safetensors": save(on_host(beside)),
            "encoder.json": json.dumps(facts, indent=1).encode(),
        }
        if not isinstance(target, RemotePath):
            _write_together(target, contents)
        elif not _stands(target):
            for name, content in contents.items():  # no folder to rename there: the facts, last, make it an encoder
                write_atomic(target / name, content)
        return target

    def load(self, encoder_id: str, method: nn.Module) -> dict | None:
        """Fills `method` and its encoder and returns the stored facts; None where it is absent.

        A damaged one is logged, removed, and counts as absent: everything is checked before anything of it reaches
        `method`, which then still has its own initialisation.
        """
        path = self.folder / encoder_id
        if not _stands(path):
            return None
        try:
            content = (path / "encoder.json").read_bytes()
            if DESCRIPTION.validate_json(content).encoder_id != encoder_id:
                raise ValueError("encoder.json is of another encoder")
            with on_disk(path / "method.safetensors") as file:
                tensors = load_file(file)
            tensors |= {f"encoder.{key}": value for key, value in _encoder(path).items()}
            require_same_shapes(tensors, method.state_dict())
        except (SafetensorError, OSError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            log.warning("encoder %s cannot be used (%s): it is trained again", path, reason)
            remove(path)
            return None
        method.load_state_dict(tensors)
        return json.loads(content)

    def fill(self, encoder: nn.Module, teacher: Teacher) -> None:
        """Gives `encoder` the weights of a teacher. Raises UserError where they are not here or do not fit."""
        path = self.folder / teacher.encoder_id
        if not _stands(path):
            raise UserError(
                f"method.targets: the encoder of {teacher.name} is not in {self.folder} ({teacher.encoder_id}): its "
                "trial has failed, or ran with another --folder or --storage; run it here first"
            )
        try:
            tensors = _encoder(path)
            require_same_shapes(tensors, encoder.state_dict())
        except (SafetensorError, OSError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            raise UserError(f"method.targets: the encoder of {teacher.name} cannot be used: {reason}") from error
        encoder.load_state_dict(tensors)


def _encoder(path: StoragePath) -> dict[str, Tensor]:
    with on_disk(path / "encoder.safetensors") as file:
        return load_file(file)


def require_same_shapes(stored: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Raises ValueError unless both have the same names and shapes, so that loading one cannot stop half way."""
    unlike = stored.keys() ^ wanted.keys()
    unlike |= {name for name in stored.keys() & wanted.keys() if stored[name].shape != wanted[name].shape}
    if unlike:
        raise ValueError(f"{len(unlike)} tensors are missing, unknown or of another shape, first {min(unlike)}")


def _stands(path: StoragePath) -> bool:
    """Whether an encoder was stored there; it may have been damaged since."""
    return (path / "encoder.json").is_file() if isinstance(path, RemotePath) else path.is_dir()


def _write_together(target: Path, contents: dict[str, bytes]) -> None:
    """A folder with these files, whole or not at all."""
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        for name, content in contents.items():
            write_atomic(part / name, content)
        with disk_full_guard(target):
            part.rename(target)
    except OSError:
        if not target.is_dir():  # else somebody finished the same encoder first
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
