"""Bits per dim of the test images under a generative method: by the evidence bound and by importance sampling.

Burda, Grosse, Salakhutdinov: Importance Weighted Autoencoders, ICLR 2016, arXiv 1509.00519, eq. 8. No label is read.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol as Structure
from typing import runtime_checkable

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Artifact, Record
from probeline.core.metric import count, loss_term
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation._frozen_method import FrozenMethod
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("image",)
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
    images: int | None = Field(1000, ge=1, description="Test images, drawn by the trial's seed; null: all.")
    batch_size: int = Field(100, ge=1, description="Images at a time; decides memory, not the result.")


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


class BitsPerDim(Protocol[Config]):
    """`elbo` is the mean over samples, `importance_weighted` the log of the mean weight: fewer bits, tighter."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        subject = data.subject
        if not isinstance(subject.method, Likelihood):
            raise NotApplicable(
                f"bits per dim is for methods that give images a probability, such as vae, vqvae and vqvae_prior; "
                f"{type(subject.method).__name__} does not"
            )
        weights, codes, dims = self._measured(subject, subject.method)
        yield Record("images", float(weights.shape[1]))
        yield Record("elbo", -float(weights.mean()) / (dims * math.log(2)))
        if len(weights) > 1:
            best = weights.logsumexp(0) - math.log(len(weights))
            yield Record("samples", float(len(weights)))
            yield Record("importance_weighted", -float(best.mean()) / (dims * math.log(2)))
        if codes is not None:
            yield Record("codes", -float(codes.sum(1).mean()) / (dims * math.log(2)))
            yield Record("bits_per_code", -float(codes.mean()) / math.log(2))

    @torch.no_grad()
    def _measured(self, subject: FrozenMethod, method: Likelihood) -> tuple[Tensor, Tensor | None, int]:
        """Log weights [K, N] and log probabilities of codes [N, places] in float64, and the numbers of an image."""
        weights: list[Tensor] = []
        codes: list[Tensor] = []
        dims, remaining = 0, self.config.images or math.inf
        for batch in subject.batches("test", self.config.batch_size, shuffle=True):
            images = batch.inputs[: int(min(remaining, len(batch)))]
            rng = SampleRNG(subject.seed, 0, batch.index[: len(images)])
            weights.append(method.log_weights(images, rng, self.config.samples).double())
            if isinstance(method, CodeLikelihood):
                codes.append(method.code_log_probability(images).double())
            dims, remaining = images[0].numel(), remaining - len(images)
            if remaining <= 0:
                break
        return torch.cat(weights, dim=1), torch.cat(codes) if codes else None, dims
