"""Trained encoders of trials, and what they make of samples."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probeline.api.workspace import Workspace
from probeline.core.columns import Column, Ragged
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.experiment.trial import Trial
from probeline.tracking import encoder_model
from probeline.tracking.reading.results import find
from probeline.tracking.server.artifact_folders import run_folders

if TYPE_CHECKING:
    from probeline.core.encoder import Encoder

Samples = np.ndarray | Sequence[np.ndarray] | str | dict[str, Any]
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class StoredEncoder:
    """The encoder of a trial, in evaluation mode on the CPU, and the samples that it takes."""

    trial_id: str
    encoder: "Encoder"
    sample: SampleSpec


def encoder(trial: str | Trial, workspace: Workspace | None = None) -> "Encoder":
    """The trained encoder of a finished trial: a torch module in evaluation mode, on the CPU, without gradients.

    It maps float32 samples as a training batch holds them, images [B, C, H, W] in 0 to 1, to `Encoded` with
    `h` [B, dim]; `embed` takes samples as they are stored.

    Args:
        trial: its id or the first digits of it.

    Raises:
        UserError: there is no such trial, or none that has kept its encoder.
    """
    return stored_encoder(trial, workspace or Workspace()).encoder


def embed(trial: str | Trial, data: Samples, split: str = "test", workspace: Workspace | None = None) -> np.ndarray:
    """What a trial's encoder makes of samples: h, float32 [N, dim], in their order; what protocols are given.

    Args:
        data: samples as data sets store them, such as images uint8 [N, H, W, C]; a list of arrays where they differ in
            length, such as clips int16 [T]; or a data set, "digits" or `{"name": ..., parameters}`.
        split: of a data set.

    Raises:
        UserError: as `encoder`, or samples that it does not take.
    """
    import torch

    from probeline.core.dataset import Split
    from probeline.evaluation._encoding import represent

    stored = stored_encoder(trial, workspace or Workspace())
    column = _column(data, split)
    _check(column, stored)
    if not len(column):
        return np.empty((0, int(stored.encoder.dim)), np.float32)
    unlabelled = Split(column, np.full(len(column), -1, np.int64))
    return represent(stored.encoder, unlabelled, torch.device("cpu"))[0].numpy()


def stored_encoder(trial: str | Trial, workspace: Workspace) -> StoredEncoder:
    """A trial's encoder with the samples that it takes. Raises UserError."""
    trial_id = trial.id if isinstance(trial, Trial) else str(trial)
    with _folder(trial_id, workspace) as folder:
        opened = encoder_model.open_encoder(folder)
        return StoredEncoder(trial_id, opened, encoder_model.sample_in(folder))


@contextmanager
def _folder(trial_id: str, workspace: Workspace) -> Iterator[Path]:
    """The folder of a trial's stored encoder: beside the database, or fetched for the time being."""
    run = find(workspace.uri, trial_id)
    beside = run_folders(workspace.uri, [run["run_id"]]).get(run["run_id"])
    if beside is not None and (beside / encoder_model.FOLDER).is_dir():
        yield beside / encoder_model.FOLDER
        return
    from probeline.tracking.reading.artifact_file import fetched_folder

    with tempfile.TemporaryDirectory() as temporary:
        folder = fetched_folder(workspace.uri, run["run_id"], encoder_model.FOLDER, Path(temporary))
        if folder is None:
            raise UserError(f"trial {trial_id}: it is {run['status']} and keeps no encoder; run it to its end")
        yield folder


def _column(data: Samples, split: str) -> Column:
    if isinstance(data, str | dict):
        from probeline.data.store import open_dataset

        if split not in SPLITS:
            raise UserError(f"split {split!r}: unknown; there are {', '.join(SPLITS)}")
        return getattr(open_dataset(_component(data)), split).inputs
    if isinstance(data, np.ndarray):
        return data
    samples = [np.asarray(sample) for sample in data]
    alike = len({sample.shape for sample in samples}) <= 1
    return np.stack(samples) if samples and alike and samples[0].ndim > 1 else Ragged.of(samples)


def _component(data: str | dict[str, Any]) -> dict[str, Any]:
    from probeline.experiment.components import resolve

    resolved = resolve("datasets", {"name": data} if isinstance(data, str) else data)
    if resolved.value is None:
        raise UserError("\n".join(f"data: {text}" for _, text in resolved.complaints))
    return resolved.value


def _check(column: Column, stored: StoredEncoder) -> None:
    """Raises UserError for samples of another type or shape than the encoder was trained on."""
    sample, ragged = stored.sample, isinstance(column, Ragged)
    shape = column.values.shape[1:] if isinstance(column, Ragged) else column.shape[1:]
    wanted = sample.shape[1:] if ragged and sample.shape else sample.shape
    fits = len(shape) == len(wanted) and all(want in (None, have) for have, want in zip(shape, wanted, strict=True))
    if sample.modality == "image" and not ragged:  # an encoder of images may take other sizes
        fits = len(shape) == 3 and shape[2] == sample.channels
    if not fits or str(column.dtype) != sample.dtype:
        raise UserError(
            f"trial {stored.trial_id}: its encoder takes {sample.modality} samples {sample.dtype} "
            f"{list(sample.shape)}, not {column.dtype} {list(shape)}"
        )
