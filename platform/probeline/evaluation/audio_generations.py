"""Sounds that a generative method makes: test clips, their reconstructions, and samples, as small WAV files.

No label is read.
"""

import wave
from collections.abc import Iterator
from itertools import islice
from math import inf
from pathlib import Path
from typing import Protocol as Structure
from typing import runtime_checkable

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("waveform",)
METRICS = {"mean_squared_error": Metric("reconstruction error of the levels", direction="lower", bounds=(0.0, inf),
                                        digits=4)}  # fmt: skip
PRIMARY = "mean_squared_error"


class Config(Settings):
    """The clips are the first of the test part in an order of the trial's seed.

    Methods make log-mel energies; phases are estimated (Griffin and Lim), which `resynthesised` clips show alone. Two
    seconds of three clips and samples at 16 kHz take 0.8 MB of a page.
    """

    clips: int = Field(3, ge=1, le=8, description="Clips, and as many samples.")
    seconds: float = Field(1.5, gt=0, le=10, description="Of a clip that are heard, and of a sample.")


@runtime_checkable
class MakesSounds(Structure):
    """A method that makes log-mel levels of clips, of its own, and sound of them."""

    def levels(self, x: Tensor) -> Tensor:
        """[B, bands, T] in [0, 1] of clips [B, S]."""

    def reconstruct(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """[B, bands, T'] of clips by the method's own code."""

    def sample(self, rng: SampleRNG, seconds: float) -> Tensor:
        """[len(draws), bands, T] that belong to no clip."""

    def sound(self, levels: Tensor) -> Tensor:
        """Waveforms [B, S] of levels."""


class AudioGenerations(Protocol[Config]):
    """`clip_1.wav`, `resynthesised_1.wav`, `reconstruction_1.wav`, `sample_1.wav` and so on."""

    @torch.no_grad()
    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        subject, config = data.subject, self.config
        method, rate = subject.method, data.info.sample.rate
        if not isinstance(method, MakesSounds) or rate is None:
            name = type(method).__name__
            raise NotApplicable(f"sounds are for methods that make them, such as vqvae_audio; {name} does not")
        batch = next(islice(subject.batches("test", config.clips, shuffle=True), 1))
        longest = round(config.seconds * rate)
        x = batch.inputs[:, :longest]
        lengths = torch.full_like(batch.index, x.shape[1]) if batch.lengths is None else batch.lengths
        lengths = lengths.clamp(max=x.shape[1])
        levels, again = method.levels(x), method.reconstruct(x, lengths)
        frames = min(levels.shape[2], again.shape[2])
        yield Record("mean_squared_error", _difference(levels[..., :frames], again[..., :frames], lengths / x.shape[1]))
        folder.mkdir(parents=True, exist_ok=True)
        rows = torch.arange(config.clips, device=subject.device)
        samples = method.sound(method.sample(SampleRNG(subject.seed, 0, rows), config.seconds))
        sounds = {"clip": x, "resynthesised": method.sound(levels), "reconstruction": method.sound(again)}
        for name, of_all in sounds.items():
            for number, (sound, length) in enumerate(zip(of_all, lengths.tolist(), strict=True), start=1):
                yield write_wav(sound[:length], rate, folder / f"{name}_{number}.wav")
        for number, sound in enumerate(samples, start=1):
            yield write_wav(sound, rate, folder / f"sample_{number}.wav")


def _difference(levels: Tensor, again: Tensor, shares: Tensor) -> float:
    """The mean square of what differs within each clip's own frames, `shares` [B] of all."""
    frames = (shares * levels.shape[2]).ceil().long()
    real = (torch.arange(levels.shape[2], device=levels.device) < frames[:, None])[:, None].expand_as(levels)
    return float((levels - again).square()[real].mean())


def write_wav(sound: Tensor, rate: int, path: Path) -> Artifact:
    """Sound [S] in [-1, 1] as 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound.float().clamp(-1, 1) * 32767).round().to(torch.int16).cpu().numpy().tobytes())
    return Artifact(path.name, path)
