"""Small audio files, made with soundfile, and folders of them."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile


def tone(samples: int, rate: int = 16000, pitch: float = 440.0, seed: int = 0) -> np.ndarray:
    """A tone with a little noise, float64 [S] in [-0.3, 0.3]."""
    noise = np.random.default_rng(seed).normal(0, 0.01, samples)
    return 0.25 * np.sin(2 * np.pi * pitch * np.arange(samples) / rate) + noise


def encoded(values: np.ndarray, rate: int = 16000, kind: str = "WAV", subtype: str = "PCM_16") -> bytes:
    """The bytes of an audio file of values [S] or [S, channels]."""
    file = io.BytesIO()
    soundfile.write(file, values, rate, format=kind, subtype=subtype)
    return file.getvalue()


def write(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Writes files below a folder, which it returns."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def spoken(classes: int = 3, clips: int = 8, samples: int = 2000, rate: int = 16000) -> dict[str, bytes]:
    """Clips `<class>/<n>.wav` whose class is their pitch, none as long as another."""
    return {
        f"{'abc'[label]}/{number}.wav": encoded(
            tone(samples + 37 * number, rate, 300.0 * (label + 1), seed=31 * label + number), rate
        )
        for label in range(classes)
        for number in range(clips)
    }
