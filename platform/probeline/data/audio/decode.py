"""One audio file to a mono clip of 16-bit samples at a wanted rate."""

import io
import math
from dataclasses import dataclass

import numpy as np

from probeline.errors import UserError

FULL_SCALE = 32768
SILENCE = 33  # a peak of 0.1% of full scale or less


@dataclass(frozen=True)
class Clip:
    """samples: int16 [S] at the wanted rate; `rate`, `channels`, `encoding`: as stored; `clipped`: values cut off."""

    samples: np.ndarray
    rate: int
    channels: int
    encoding: str
    clipped: int = 0

    @property
    def silent(self) -> bool:
        """Whether nothing in it is louder than 0.1% of full scale."""
        return int(np.abs(self.samples.astype(np.int32)).max()) <= SILENCE


def require_decoder() -> None:
    """Raises UserError where soundfile is not installed."""
    try:
        import soundfile  # noqa: F401
    except (ImportError, OSError) as error:
        raise UserError(f"audio is decoded by soundfile ({error}); pip install 'probeline[audio]'") from error


def decode(content: bytes, rate: int | None) -> Clip:
    """The clip of a WAV, FLAC, OGG or AIFF file: channels averaged, resampled to `rate` (None: as stored).

    16-bit mono files of the wanted rate are kept to the bit. Raises ValueError with the reason for a file that is
    damaged, ends in the middle, or holds no samples or values that are no numbers.
    """
    import soundfile

    _refuse_truncated_wav(content)
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            promised, stored = file.frames, file.samplerate
            exact = file.subtype == "PCM_16" and file.channels == 1 and rate in (None, stored)
            values = file.read(dtype="int16" if exact else "float32", always_2d=True)
            channels, encoding = file.channels, f"{file.format} {file.subtype}"
    except soundfile.LibsndfileError as error:
        raise ValueError(f"cannot be decoded: {error.error_string}") from error
    if len(values) < promised:
        raise ValueError(f"ends in the middle: {len(values):,} of {promised:,} samples")
    if not len(values):
        raise ValueError("holds no samples")
    if exact:
        return Clip(values[:, 0], stored, channels, encoding)
    if not np.isfinite(values).all():
        raise ValueError("holds values that are no numbers")
    samples, clipped = to_int16(resampled(values.mean(1, dtype=np.float32), stored, rate or stored))
    return Clip(samples, stored, channels, encoding, clipped)


def resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """float32 [S] at another rate, by a polyphase filter with its cut-off at the lower of both rates."""
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    shared = math.gcd(rate, wanted)
    return resample_poly(samples, wanted // shared, rate // shared).astype(np.float32)


def to_int16(samples: np.ndarray) -> tuple[np.ndarray, int]:
    """float32 [S] in [-1, 1) as int16, and how many values were beyond and were cut off."""
    scaled = np.rint(samples * FULL_SCALE)
    beyond = int(np.count_nonzero(np.abs(scaled) > FULL_SCALE))
    return scaled.clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16), beyond


def _refuse_truncated_wav(content: bytes) -> None:
    """libsndfile reads a WAV that was cut short as a shorter one."""
    if content[:4] != b"RIFF":
        return
    promised = int.from_bytes(content[4:8], "little") + 8
    streamed = promised >= 2**32  # a writer that did not know the length
    if len(content) < promised - 1 and not streamed:  # some writers leave out the last padding byte
        raise ValueError(f"ends in the middle: {len(content):,} of {promised:,} bytes")
