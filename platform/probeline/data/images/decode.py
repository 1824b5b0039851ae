"""Image files to uint8 arrays, with PIL. Imported only where something must be decoded."""

import io

import numpy as np
from PIL import Image

MAX_PIXELS = 2**26  # of one image: 67 megapixels; PIL itself warns of bombs from 89 on
EIGHT_BIT = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"}
GREY = {"1", "L", "LA"}


def read_image(content: bytes, side: int | None = None) -> tuple[np.ndarray, bool]:
    """Bytes of an image file -> RGB uint8 [H, W, 3], and whether the file is grey. Transparency is dropped.

    With `side`, an image of another size is resized (its shorter side to `side`, antialiased bilinear) and cropped at
    the centre. Raises ValueError or OSError, with the reason, for what cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width}x{image.height} pixels; at most {MAX_PIXELS} are read")
            if image.mode not in EIGHT_BIT:
                raise ValueError(f"mode {image.mode}; only images of 8 bits a channel are read")
            grey = image.mode in GREY
            return np.asarray(_sized(image.convert("RGB"), side)), grey
    except (OSError, ValueError):
        raise
    except Exception as error:  # PIL's decoders raise SyntaxError, struct.error, zlib.error, IndexError and more
        raise ValueError(f"{type(error).__name__}: {error}") from error


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    """pixels: uint8 [H, W, 3] -> [side, side, 3], antialiased bilinear; nothing outside `pixels` is read."""
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))


def _sized(image: Image.Image, side: int | None) -> Image.Image:
    if side is None or image.size == (side, side):
        return image
    scale = side / min(image.size)
    width, height = (max(side, round(length * scale)) for length in image.size)
    left, top = (width - side) // 2, (height - side) // 2
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    return image.crop((left, top, left + side, top + side))
