"""A large PNG as a page carries it: its zoom undone, and as JPEG where that is smaller; the file itself stays whole."""

import io
import warnings

import numpy as np
from PIL import Image, ImageFile

LARGE = 40_000  # bytes
QUALITY = 90
ZOOMS = range(8, 1, -1)
PIXELS = 20_000_000
BYTES_PER_PIXEL = 4  # room for pure noise, which takes 2.4: Pillow writes an optimised JPEG from one buffer


def compact(content: bytes) -> bytes:
    """PNG bytes -> the same picture in fewer bytes; as it is where it is small, or nothing that Pillow reads."""
    if len(content) <= LARGE:
        return content
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
                if picture.width * picture.height > PIXELS:
                    return content
                pixels = np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return content
    encoded, pixels = io.BytesIO(), _unzoomed(pixels)
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, BYTES_PER_PIXEL * pixels[..., 0].size)
    Image.fromarray(pixels).save(encoded, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return min(content, encoded.getvalue(), key=len)


def _unzoomed(pixels: np.ndarray) -> np.ndarray:
    """[H, W, 3] with one pixel for every square of equal ones, if all are such."""
    for zoom in ZOOMS:
        if pixels.shape[0] % zoom == 0 and pixels.shape[1] % zoom == 0:
            few = pixels[::zoom, ::zoom]
            if np.array_equal(few.repeat(zoom, 0).repeat(zoom, 1), pixels):
                return np.ascontiguousarray(few)
    return pixels
