"""Images of more than 8 bits a channel, of other than three channels, and of floating-point numbers."""

import io
import logging
import re
from typing import Any, Literal

import numpy as np
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

MAX_CHANNELS = 64
MAX_VALUES_BYTES = 2**28  # of one image before it is resized
FULL = 65535
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as PIL's
PNG = b"\x89PNG\r\n\x1a\n"
PNG_DEPTH, PNG_COLOURS = 24, 25  # offsets in the header: bits a channel, kind of colour
BITS_PER_SAMPLE = 258  # TIFF's tag
P6 = re.compile(rb"P6\s(?:\s*#[^\n]*\n)*\s*\d+\s+\d+\s+(\d+)\s")


class Unscaled(ValueError):
    """A sound image whose values do not say what is black and what is white."""


def is_tiff(content: bytes) -> bool:
    """Whether a file begins as a TIFF or BigTIFF does."""
    return content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def stored_bits(image: ImageFile, content: bytes) -> int:
    """Bits of a channel in the file; PIL gives 8 of 16 where there are several channels."""
    if image.mode in {"F", "I"}:
        return 16 if image.format in {"PNG", "PPM"} else 32
    if image.mode.startswith("I;16"):
        return 16
    if content.startswith(PNG):
        return max(8, content[PNG_DEPTH])
    if image.format == "PPM" and (header := P6.match(content)):
        return 16 if int(header[1]) > 255 else 8
    if isinstance(image, TiffImageFile):
        return max(8, *image.tag_v2.get(BITS_PER_SAMPLE, (8,)))
    return 8


def pil_values(image: ImageFile, bits: int) -> np.ndarray:
    """[H, W] of an image of one deep channel."""
    values = np.asarray(image)
    return values.astype(np.uint16) if bits == 16 else values


def page_values(image: TiffImageFile, bits: int) -> np.ndarray:
    """[H, W, C] of all pages of a TIFF, each of them a channel. Raises ValueError where they are too many or differ."""
    if image.n_frames > MAX_CHANNELS:
        raise ValueError(f"{image.n_frames} pages; at most {MAX_CHANNELS} become channels")
    planes = []
    for page in range(image.n_frames):
        image.seek(page)
        planes.append(np.atleast_3d(pil_values(image, bits)))
    return _stacked(planes)


def _stacked(planes: list[np.ndarray]) -> np.ndarray:
    if len({(plane.shape[:2], plane.dtype) for plane in planes}) > 1:
        raise ValueError("its pages differ in size or depth, so they cannot be channels; `pages: first` reads one")
    return np.concatenate(planes, axis=-1)


def colour_values(image: ImageFile, content: bytes) -> np.ndarray:
    """uint16 [H, W, C] of a PNG, TIFF or PPM with 16 bits a channel."""
    if is_tiff(content):
        return tiff_values(content, "first")
    if content.startswith(PNG):
        return _png_values(content)
    count = image.width * image.height * 3
    return np.frombuffer(content[-2 * count :], ">u2").reshape(image.height, image.width, 3).astype(np.uint16)


def _png_values(content: bytes) -> np.ndarray:
    import torch  # slow to import; PIL gives only 8 bits of such files
    from torchvision.io import ImageReadMode, decode_image

    encoded = torch.frombuffer(bytearray(content), dtype=torch.uint8)
    values = decode_image(encoded, ImageReadMode.UNCHANGED).permute(1, 2, 0).numpy()
    return values[..., 0] if values.shape[-1] == 2 else values  # grey with transparency


def tiff_values(content: bytes, pages: Literal["first", "channels"]) -> np.ndarray:
    """[H, W] or [H, W, C] of a TIFF's first page, or of all its pages, each of them a channel.

    Raises ValueError where it is too large, where its pages differ in size or for a layout that is not read.
    """
    import tifffile  # comes with scikit-image; reads what PIL does not

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what it complains of is raised here
    with tifffile.TiffFile(io.BytesIO(content)) as tiff:
        if pages == "first":
            return _page_values(tiff.pages.first)
        count = len(tiff.pages)
        if count > MAX_CHANNELS:
            raise ValueError(f"{count} pages; at most {MAX_CHANNELS} become channels")
        planes = [np.atleast_3d(_page_values(page)) for page in tiff.pages]
    return _stacked(planes)


def _page_values(page: Any) -> np.ndarray:
    if page.nbytes > MAX_VALUES_BYTES:
        raise ValueError(f"{page.nbytes:,} bytes; at most {MAX_VALUES_BYTES:,} of one image are read")
    values = page.asarray()
    if page.axes == "SYX":
        values = np.moveaxis(values, 0, -1)
    elif page.axes not in {"YX", "YXS"}:
        raise ValueError(f"its axes are {page.axes}; YX, YXS and SYX are read")
    if values.ndim == 3 and values.shape[-1] > MAX_CHANNELS:
        raise ValueError(f"{values.shape[-1]} channels; at most {MAX_CHANNELS} are read")
    return values


def scaled(values: np.ndarray, levels: tuple[float, float] | None) -> tuple[np.ndarray, tuple[float, float]]:
    """Numbers of any type -> uint8 as they are, else float32 from 0 to 65535; and the least and greatest that came.

    levels: what becomes 0 and 65535; without them 16-bit whole numbers stay as they are. Raises Unscaled where other
    numbers come without levels, ValueError for numbers that are not finite.
    """
    if values.dtype.kind not in "biuf":
        raise ValueError(f"numbers of type {values.dtype}, which are not read")
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise ValueError("some of its values are not finite numbers")
    if values.dtype == np.uint8:
        return values, (low, high)
    if levels is None and values.dtype != np.uint16:
        raise Unscaled(f"its values are {values.dtype} from {low:g} to {high:g}: set `levels: [black, white]`")
    black, white = levels or (0, FULL)
    stretched = (values.astype(np.float32) - black) * (FULL / (white - black))
    return np.clip(stretched, 0, FULL), (low, high)


def with_channels(pixels: np.ndarray, channels: int | None) -> np.ndarray:
    """[H, W, C] with as many channels as asked for: colour becomes its luma; grey is repeated by who stores it.

    Raises ValueError for another number of channels that cannot be had.
    """
    have = pixels.shape[-1]
    if channels in (None, have) or (have, channels) == (1, 3):
        return pixels
    if channels in (1, 3) and have == 4:  # the fourth is transparency
        return with_channels(pixels[..., :3], channels)
    if (have, channels) == (3, 1):
        luma = (pixels.astype(np.float32) @ LUMA)[..., None]
        return np.rint(luma).astype(np.uint8) if pixels.dtype == np.uint8 else luma
    raise ValueError(f"{have} channels; `channels` asks for {channels}")


def as_bits(pixels: np.ndarray, bits: int) -> np.ndarray:
    """uint8, or float32 from 0 to 65535 -> rounded to 8 or 16 bits; 8 bits become 16 by x 257, as 255 x 257 = 65535."""
    eight = pixels.dtype == np.uint8
    if bits == 8:
        return pixels if eight else np.rint(pixels / 257).astype(np.uint8)
    return pixels.astype(np.uint16) * np.uint16(257) if eight else np.rint(pixels).astype(np.uint16)
