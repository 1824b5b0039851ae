"""Reverberation: a waveform as it is heard in a room, where walls send it back ever softer.

The response of the room is drawn by Polack's model, which takes late reflections for white noise that decays
exponentially: Polack: La transmission de l'energie sonore dans les salles, 1988. As an augmentation of contrastive
learning on speech: Kharitonov et al.: Data Augmenting Contrastive Learning of Speech Representations in the Time
Domain, SLT 2021, arXiv 2007.00991, section 3.
"""

import math
from typing import Annotated, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.audio.augment.filters import filtered
from probeline.data.augment.noise import noise_like
from probeline.data.augment.settings import Op, ascending
from probeline.data.augment.steps import without_padding

TAKES = ("waveform",)
NEPERS_OF_60_DECIBELS = 3 * math.log(10)

Samples = Annotated[int, Field(ge=1)]


class Config(Op):
    """Both are drawn for each clip, uniform in the range. What comes straight from the speaker stays as it is.

    `decay`: the time in which the sound falls by 60 decibels, RT60, in samples: 1,600 to 6,400 are 0.1 to 0.4 seconds
    at 16 kHz, a small room to a large one.
    `decibels`: the direct sound's energy over that of all reflections; lower is more distant.
    """

    decay: tuple[Samples, Samples] = Field((1600, 6400), description="Samples in which it falls by 60 decibels.")
    decibels: tuple[float, float] = Field((0.0, 12.0), description="Direct sound over reflections.")

    @model_validator(mode="after")
    def _ranges_ascend(self) -> Self:
        ascending("decay", self.decay)
        ascending("decibels", self.decibels)
        return self


def reverberation(inputs: Tensor, config: Config, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """inputs: [B, T] -> the same shape; what a room would still send back after the clip's end is cut off."""
    softest, loudest = config.decibels
    energy = 10 ** -((rng.uniform(1, "ratio") * (loudest - softest) + softest) / 10)
    tail = _reflections(config, rng)
    tail = tail * (energy / tail.square().sum(1, keepdim=True)).sqrt()
    response = torch.cat([torch.ones_like(tail[:, :1]), tail], dim=1).to(inputs.dtype)
    return filtered(without_padding(inputs, lengths), response)


def _reflections(config: Config, rng: SampleRNG) -> Tensor:
    """[B, longest decay] of noise that decays; where it begins is one sample after the direct sound."""
    shortest, longest = config.decay
    decay = rng.uniform(1, "decay") * (longest - shortest) + shortest
    steps = torch.arange(1, longest + 1, device=decay.device)
    return noise_like(steps.expand(len(decay), -1), rng) * torch.exp(-NEPERS_OF_60_DECIBELS * steps / decay)
