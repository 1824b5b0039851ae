"""A data set of spoken tones with aligned phones, and what a method makes of it."""

import numpy as np
import torch
from helpers.datasets import dataset_of
from probeline.core.columns import Ragged
from probeline.core.dataset import Dataset, Split
from probeline.core.lists import Segments
from probeline.core.method import Method
from probeline.core.sample_spec import SampleSpec
from probeline.experiment.components import resolve
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.training.embeddings import Representations, representations

RATE = 16000
PHONES = ("AA", "IY", "SIL")
PITCHES = (400.0, 1900.0, 0.0)


def spoken(clips: int, seed: int, words: int = 4) -> Split:
    """Clips of stretches of 50 ms to 90 ms, each a phone with a pitch of its own; two speakers, loud and soft."""
    random = np.random.default_rng(seed)
    samples, rows, speakers = [], [], np.arange(clips) % 2
    for clip in range(clips):
        phones, parts, at = random.permutation(np.arange(words) % len(PHONES)), [], 0
        for phone in phones:
            length = int(random.integers(800, 1440))
            wave = np.sin(2 * np.pi * PITCHES[phone] * np.arange(length) / RATE)
            parts.append((0.3 if speakers[clip] else 0.1) * wave + random.normal(0, 0.01, length))
            rows.append((clip, at, at + length, phone))
            at += length
        samples.append((32768 * np.concatenate(parts)).astype(np.int16))
    segments = Segments(*np.array(rows, np.int64).T.copy())
    return Split(Ragged.of(samples), speakers.astype(np.int64), {}, {"phones": segments})


def speech(train: int = 16, validation: int = 6, test: int = 8) -> Dataset:
    """Three splits of such clips."""
    splits = [spoken(count, seed) for seed, count in enumerate((train, validation, test))]
    longest = max(int(split.inputs.lengths.max()) for split in splits)
    sample = SampleSpec("waveform", "int16", (None,), RATE, longest=longest)
    names = {"label_names": {"speaker": ("soft", "loud")}, "segment_names": {"phones": PHONES}}
    return dataset_of(*splits, ("soft", "loud"), sample=sample, **names)


def heard(encoder: dict, data: Dataset | None = None, method: str = "random_init") -> Representations:
    """What a trial holds of an untrained method on such clips."""
    data = data or speech()
    torch.manual_seed(0)
    component = resolve("encoders", encoder).value
    config = catalog.settings("methods", resolve("methods", {"name": method}).value)
    built = catalog.plugin_class("methods", method, Method)(
        config, build_encoder(component, data.info.sample), data.info
    )
    return representations(built, data, torch.device("cpu"), 0)
