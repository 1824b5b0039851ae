import numpy as np
import torch
from helpers.speech import RATE, spoken
from probeline.models.encoders.mfcc import Config, MfccEncoder
from probeline.training.first_samples import first_samples


def test_of_a_split_with_many_times_the_frames_only_enough_samples_are_taken_and_else_all() -> None:
    split, encoder = spoken(40, seed=0), MfccEncoder(Config(), RATE)
    frames = int(split.inputs.offsets[-1]) * encoder.frame_rate / RATE
    some = first_samples(split, encoder, RATE, int(frames / 10))
    assert 0.12 * frames <= len(some.inputs.values) * encoder.frame_rate / RATE < 0.2 * frames
    assert np.array_equal(some.inputs.values, split.inputs.values[: len(some.inputs.values)])
    assert first_samples(split, encoder, RATE, int(frames / 3)) is split
    assert first_samples(split, torch.nn.Identity(), RATE, 1) is split
