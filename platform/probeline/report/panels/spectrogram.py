"""The picture of a sound: which frequencies it has when, dark where they are loud."""

import io
import wave

import numpy as np
from PIL import Image

WINDOW, HOP = 256, 128
"""Samples: 16 and 8 ms at 16 kHz."""
RANGE = 60.0
"""Decibels from black, the loudest, to white."""


def spectrogram(wav: bytes) -> bytes:
    """A PNG, a column a frame and a row a frequency, the lowest at the bottom. Raises ValueError for other files.

    wav: 16 bits, one channel.
    """
    try:
        with wave.open(io.BytesIO(wav)) as file:
            form, sound = (file.getsampwidth(), file.getnchannels()), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"no WAV file: {error}") from error
    if form != (2, 1):
        raise ValueError(f"a WAV file of {8 * form[0]} bits and {form[1]} channels, not of 16 and 1")
    samples = np.frombuffer(sound[: len(sound) // 2 * 2], "<i2").astype(np.float32)
    samples = np.pad(samples, (0, max(0, WINDOW - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32)).T[::-1]) ** 2
    decibels = 10 * np.log10(np.maximum(power, 1e-9))
    loud = np.clip((decibels - decibels.max()) / RANGE + 1, 0, 1) if power.any() else np.zeros_like(power)
    file_of = io.BytesIO()
    Image.fromarray((255 * (1 - loud)).astype(np.uint8)).save(file_of, "PNG", optimize=True)
    return file_of.getvalue()
