"""Bits per dim of the test samples under a generative method: by the evidence bound and by importance sampling.

Burda, Grosse, Salakhutdinov: Importance Weighted Autoencoders, ICLR 2016, arXiv 1509.00519, eq. 8. No label is read.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Structure
from typing import runtime_checkable

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.batch import Batch
from probeline.core.events import Artifact, Record
from probeline.core.metric import count, loss_term
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation._frozen_method import FrozenMethod
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("image", "waveform")
NEEDS = ("likelihood",)
METRICS = {
    "elbo": loss_term("bits per dim", "bits"),
    "importance_weighted": loss_term("importance-weighted bits per dim", "bits"),
    "codes": loss_term("bits per dim of the codes", "bits"),
    "bits_per_code": loss_term("bits per code", "bits"),
    "images": count("images of bits per dim"),
    "samples": count("samples an image of bits per dim"),
}
PRIMARY = "elbo"


class Config(Settings):
    """Both bounds come from the same samples, so the importance-weighted one is never the larger number of bits."""

    samples: int = Field(16, ge=1, description="Codes drawn for an image.")
    images: int | None = Field(1000, ge=1, description="Test samples, drawn by the trial's seed; null: all.")
    batch_size: int = Field(100, ge=1, description="Samples at a time; decides memory, not the result.")


@runtime_checkable
class Likelihood(Structure):
    """A method with a bound on the probability of images."""

    def log_weights(self, images: Tensor, rng: SampleRNG, samples: int) -> Tensor:
        """[K, B], nats: log p(x, z) - log q(z|x) of images [B, C, H, W]; K is `samples`, or 1 where z is certain."""


@runtime_checkable
class CodeLikelihood(Structure):
    """A method that also knows how likely its codes are."""

    def code_log_probability(self, images: Tensor) -> Tensor:
        """[B, places], nats: log p of each code of images [B, C, H, W]."""


@runtime_checkable
class SequenceLikelihood(Structure):
    """A method with a bound on the probability of clips of any length."""

    def sequence_log_weights(self, batch: Batch, rng: SampleRNG, samples: int) -> tuple[Tensor, Tensor]:
        """Log weights [K, B] as `Likelihood` has them, and the numbers that each clip's probability is of, [B]."""


@runtime_checkable
class SequenceCodeLikelihood(Structure):
    """A method that also knows how likely a clip's codes are."""

    def sequence_code_log_probability(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Nats: log p of each clip's codes, [B], and how many there are, [B]."""


@dataclass(frozen=True)
class Measured:
    """Of N samples: log weights [K, N], numbers of each [N], log p of its codes [N] and how many they are [N]."""

    weights: Tensor
    dims: Tensor
    codes: Tensor | None = None
    positions: Tensor | None = None


class BitsPerDim(Protocol[Config]):
    """`elbo` is the mean over samples, `importance_weighted` the log of the mean weight: fewer bits, tighter."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        subject = data.subject
        if not isinstance(subject.method, Likelihood | SequenceLikelihood):
            raise NotApplicable(
                f"bits per dim is for methods that give samples a probability, such as vae, vqvae and vqvae_audio; "
                f"{type(subject.method).__name__} does not"
            )
        measured = self._measured(subject)
        weights, bit = measured.weights, float(measured.dims.mean()) * math.log(2)
        yield Record("images", float(weights.shape[1]))
        yield Record("elbo", -float(weights.mean()) / bit)
        if len(weights) > 1:
            best = weights.logsumexp(0) - math.log(len(weights))
            yield Record("samples", float(len(weights)))
            yield Record("importance_weighted", -float(best.mean()) / bit)
        if measured.codes is not None and measured.positions is not None:
            yield Record("codes", -float(measured.codes.mean()) / bit)
            yield Record("bits_per_code", -float(measured.codes.sum() / measured.positions.sum()) / math.log(2))

    @torch.no_grad()
    def _measured(self, subject: FrozenMethod) -> Measured:
        """In float64."""
        parts: list[Measured] = []
        remaining = self.config.images or math.inf
        for batch in subject.batches("test", self.config.batch_size, shuffle=True):
            some = batch[: int(min(remaining, len(batch)))]
            parts.append(measured(subject.method, some, SampleRNG(subject.seed, 0, some.index), self.config.samples))
            remaining -= len(some)
            if remaining <= 0:
                break
        codes = [part.codes for part in parts if part.codes is not None]
        positions = [part.positions for part in parts if part.positions is not None]
        return Measured(
            torch.cat([part.weights for part in parts], dim=1),
            torch.cat([part.dims for part in parts]),
            torch.cat(codes) if codes else None,
            torch.cat(positions) if positions else None,
        )


def measured(method: object, batch: Batch, rng: SampleRNG, samples: int) -> Measured:
    """What a method says of a batch."""
    if isinstance(method, SequenceLikelihood):
        weights, dims = method.sequence_log_weights(batch, rng, samples)
        parts: tuple[Tensor, ...] = ()
        if isinstance(method, SequenceCodeLikelihood):
            parts = method.sequence_code_log_probability(batch)
        return Measured(weights.double(), dims.double(), *(part.double() for part in parts))
    assert isinstance(method, Likelihood), "it was asked for before"
    dims = torch.full((len(batch),), batch.inputs[0].numel(), dtype=torch.float64)
    weights = method.log_weights(batch.inputs, rng, samples).double()
    if not isinstance(method, CodeLikelihood):
        return Measured(weights, dims)
    codes = method.code_log_probability(batch.inputs).double()
    return Measured(weights, dims, codes.sum(1), torch.full_like(dims, codes.shape[1]))
