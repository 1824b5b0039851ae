"""Image files to arrays, with PIL. Imported only where something must be decoded."""

import io
import warnings
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from probeline.data.images import deep_pixels

FORMATS = ("PNG", "JPEG", "MPO", "JPEG2000", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM", "AVIF")
"""PIL's names of the formats that are read; it would run other programs for some of the others (EPS)."""

MAX_PIXELS = 10**8  # of one image: a page of A3 scanned at 600 dpi has 70 megapixels
MAX_PIXELS_CONVERTED = 2**26  # where PIL holds the image twice, as it must be converted
MAX_ASPECT = 64  # longer side over the shorter, where the shorter one is resized to `side`
EIGHT_BIT = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"}
GREY = {"1", "L", "LA"}
DEEP = {"I;16", "I;16B", "I;16L", "I;16N", "I", "F"}
ORIENTATION, UPRIGHT = 274, 1  # EXIF's tag, and its value for an image that is stored as it is to be seen


@dataclass(frozen=True)
class Decoding:
    """How files become pixels; each field as the parameter of `image_folder` has it."""

    side: int | None = None
    channels: int | None = None
    exif: Literal["ignore", "apply"] = "ignore"
    pages: Literal["first", "channels"] = "first"
    bits: Literal[8, 16] | None = None
    levels: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """pixels: uint8 or uint16 [H, W, C], C is 1 for grey; the rest tells of the file.

    mode: PIL's, or the type of its numbers; size: (W, H); orientation: EXIF's, 1 is upright; more_pages: it has pages
    or frames that were not read; bits: of a channel; span: least and greatest value of more than 8 bits, if read.
    """

    pixels: np.ndarray
    mode: str
    size: tuple[int, int]
    orientation: int = UPRIGHT
    more_pages: bool = False
    bits: int = 8
    span: tuple[float, float] | None = None


def read_picture(content: bytes, how: Decoding | None = None) -> DecodedImage:
    """The picture in an image file. Transparency is dropped, unless `channels` counts it.

    With `side`, an image of another size is resized (its shorter side to `side`, antialiased bilinear) and cropped at
    the centre. Raises ValueError or OSError, with the reason, for what cannot be decoded, and Unscaled, a ValueError,
    for what is sound but needs `levels`.
    """
    how = how or Decoding()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large images and damaged EXIF: limits and counts say it here
            return _read(content, how)
    except (OSError, ValueError):
        raise
    except Image.DecompressionBombError as error:  # raised while it opens what is far above MAX_PIXELS
        raise ValueError(f"more than the {MAX_PIXELS:,} pixels that are read") from error
    except Exception as error:  # PIL's decoders raise SyntaxError, struct.error, zlib.error, IndexError and more
        raise ValueError(f"{type(error).__name__}: {error}") from error


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    """pixels: uint8 [H, W, 3] -> [side, side, 3], antialiased bilinear; nothing outside `pixels` is read."""
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))


def _read(content: bytes, how: Decoding) -> DecodedImage:
    try:
        image = Image.open(io.BytesIO(content), formats=_formats())
    except UnidentifiedImageError as error:
        if not deep_pixels.is_tiff(content):
            raise ValueError("not an image, or of a format that is not read") from error
        return _deep(deep_pixels.tiff_values(content, how.pages), how, "TIFF")
    with image:
        _check_size(image, how)
        picture = _picture(image, content, how)
        return replace(picture, size=image.size, more_pages=how.pages == "first" and _has_more_pages(image))


@cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _check_size(image: Image.Image, how: Decoding) -> None:
    pixels, aspect = image.width * image.height, max(image.size) / max(1, min(image.size))
    limit = MAX_PIXELS if image.mode in {"RGB", "L", "1", *DEEP} else MAX_PIXELS_CONVERTED
    if pixels > limit:
        raise ValueError(f"{image.width}x{image.height} pixels; at most {limit:,} are read of mode {image.mode}")
    if how.side is not None and aspect > MAX_ASPECT:
        raise ValueError(
            f"{image.width}x{image.height} pixels: with `size`, the longer side is at most {MAX_ASPECT} times the other"
        )


def _picture(image: ImageFile, content: bytes, how: Decoding) -> DecodedImage:
    bits = deep_pixels.stored_bits(image, content)
    if how.pages == "channels" and isinstance(image, TiffImageFile) and image.n_frames > 1:
        return _deep(deep_pixels.page_values(image, bits), how, image.mode)
    if image.mode in DEEP:
        return _deep(deep_pixels.pil_values(image, bits), how, image.mode, _orientation(image))
    if bits == 16 and how.bits == 16:
        return _deep(deep_pixels.colour_values(image, content), how, image.mode, _orientation(image))
    if image.mode == "RGBX" or (how.channels or 3) > 3:
        return _deep(np.asarray(image), how, image.mode, _orientation(image))
    if image.mode not in EIGHT_BIT:
        raise ValueError(f"mode {image.mode}, which is not read; convert it to RGB")
    return _eight_bits(image, how, bits)


def _eight_bits(image: Image.Image, how: Decoding, bits: int) -> DecodedImage:
    mode, grey = image.mode, image.mode in GREY
    converted = _converted(image, "L" if grey else "RGB")
    orientation = _orientation(image)
    if how.exif == "apply" and orientation != UPRIGHT:
        converted = Image.fromarray(upright(np.asarray(converted), orientation))
    converted = _converted(_sized(converted, how.side), "L" if grey or how.channels == 1 else "RGB")
    pixels = np.asarray(converted)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return DecodedImage(deep_pixels.as_bits(pixels, how.bits or 8), mode, image.size, orientation, bits=bits)


def _converted(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)


def _deep(values: np.ndarray, how: Decoding, mode: str, orientation: int = UPRIGHT) -> DecodedImage:
    """values: [H, W] or [H, W, C] of any type of numbers."""
    values = values[..., None] if values.ndim == 2 else values
    size, bits = (values.shape[1], values.shape[0]), 8 * values.dtype.itemsize
    pixels, span = deep_pixels.scaled(values, how.levels)
    pixels = upright(pixels, orientation) if how.exif == "apply" else pixels
    planes = [_sized(Image.fromarray(np.ascontiguousarray(plane)), how.side) for plane in np.moveaxis(pixels, -1, 0)]
    pixels = deep_pixels.with_channels(np.stack([np.asarray(plane) for plane in planes], -1), how.channels)
    rounded = deep_pixels.as_bits(pixels, how.bits or (8 if bits == 8 else 16))
    return DecodedImage(rounded, mode, size, orientation, bits=bits, span=span if bits > 8 else None)


def _sized(image: Image.Image, side: int | None) -> Image.Image:
    if side is None or image.size == (side, side):
        return image
    scale = side / min(image.size)
    width, height = (max(side, round(length * scale)) for length in image.size)
    left, top = (width - side) // 2, (height - side) // 2
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    return image.crop((left, top, left + side, top + side))


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation of a loaded image; PIL has turned a TIFF already."""
    try:
        value = image.getexif().get(ORIENTATION, UPRIGHT)
    except Exception:  # noqa: BLE001 (damaged EXIF raises a dozen types, and the pixels are sound)
        return UPRIGHT
    return value if value in range(1, 9) else UPRIGHT


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """pixels: [H, W, ...] as stored -> as EXIF's orientation says that they are to be seen."""
    if orientation > 4:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _has_more_pages(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False)) and image.format != "MPO"  # an MPO's others are previews
    except Exception:  # noqa: BLE001 (a damaged second page: the first one is sound)
        return True
