import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image
from probeline.data.images import deep_pixels
from probeline.data.images.decode import Decoding, read_picture

RANDOM = np.random.default_rng(0)
DEEP = RANDOM.integers(0, 65536, (6, 9), np.uint16)
DEEP_COLOUR = RANDOM.integers(0, 65536, (6, 9, 3), np.uint16)


def saved(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def tiff(values: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def colour_png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, which PIL does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0)
    return deep_pixels.PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def colour_ppm(values: np.ndarray) -> bytes:
    return b"P6\n# a comment\n9 6\n65535\n" + values.astype(">u2").tobytes()


@pytest.mark.parametrize("content", [saved(DEEP), saved(DEEP, "TIFF"), saved(DEEP, "PPM"), tiff(DEEP, byteorder=">")])
def test_grey_of_16_bits_is_read_to_the_bit(content):
    picture = read_picture(content)
    assert picture.pixels.dtype == np.uint16 and np.array_equal(picture.pixels[..., 0], DEEP)
    assert picture.bits == 16 and picture.span == (DEEP.min(), DEEP.max())


def test_levels_stretch_and_eight_bits_round():
    twelve = DEEP // 16
    stretched = read_picture(saved(twelve), Decoding(levels=(0, 4095))).pixels[..., 0]
    assert np.allclose(stretched / 65535, twelve / 4095, atol=1e-5)
    assert np.array_equal(read_picture(saved(DEEP), Decoding(bits=8)).pixels[..., 0], np.rint(DEEP / 257))
    clipped = read_picture(saved(DEEP), Decoding(levels=(20000, 40000), bits=8)).pixels[..., 0]
    assert (clipped[DEEP <= 20000] == 0).all() and (clipped[DEEP >= 40000] == 255).all()


def test_eight_bits_become_sixteen_without_loss():
    eight = RANDOM.integers(0, 256, (6, 9, 3), np.uint8)
    assert np.array_equal(read_picture(saved(eight), Decoding(bits=16)).pixels, eight.astype(np.uint16) * 257)


def test_floats_need_levels():
    values = RANDOM.normal(0, 2, (6, 9)).astype(np.float32)
    with pytest.raises(deep_pixels.Unscaled, match=r"float32 from -.* to .*: set `levels: \[black, white\]`"):
        read_picture(saved(values, "TIFF"))
    pixels = read_picture(saved(values, "TIFF"), Decoding(levels=(-10, 10))).pixels[..., 0]
    assert np.allclose(pixels / 65535, (values + 10) / 20, atol=1e-5)
    values[0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        read_picture(saved(values, "TIFF"), Decoding(levels=(-10, 10)))


@pytest.mark.parametrize(
    "content", [colour_png(DEEP_COLOUR), tiff(DEEP_COLOUR, photometric="rgb"), colour_ppm(DEEP_COLOUR)]
)
def test_colour_of_16_bits_is_read_with_8_and_with_16_where_asked(content):
    picture = read_picture(content)
    assert picture.pixels.dtype == np.uint8 and picture.bits == 16
    assert np.abs(picture.pixels.astype(int) - DEEP_COLOUR / 257).max() <= 1
    assert np.array_equal(read_picture(content, Decoding(bits=16)).pixels, DEEP_COLOUR)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_tiff_of_five_channels_is_read(dtype, planar):
    values = RANDOM.integers(0, 256, (6, 9, 5)).astype(dtype)
    stored = values if planar == "contig" else np.moveaxis(values, -1, 0)
    content = tiff(stored, photometric="minisblack", planarconfig=planar)
    assert np.array_equal(read_picture(content).pixels, values)
    resized = read_picture(content, Decoding(side=4)).pixels
    assert resized.shape == (4, 4, 5) and resized.dtype == dtype


def test_pages_become_channels_where_asked():
    pages = RANDOM.integers(0, 65536, (4, 6, 9), np.uint16)
    content = tiff(pages, photometric="minisblack")
    first = read_picture(content)
    assert first.more_pages and np.array_equal(first.pixels[..., 0], pages[0])
    stacked = read_picture(content, Decoding(pages="channels"))
    assert not stacked.more_pages and np.array_equal(np.moveaxis(stacked.pixels, -1, 0), pages)


def test_transparency_is_a_channel_where_four_are_asked_for():
    values = RANDOM.integers(0, 256, (6, 9, 4), np.uint8)
    assert np.array_equal(read_picture(saved(values)).pixels, values[..., :3])
    assert np.array_equal(read_picture(saved(values), Decoding(channels=4)).pixels, values)
    with pytest.raises(ValueError, match="3 channels; `channels` asks for 4"):
        read_picture(saved(values[..., :3]), Decoding(channels=4))


def test_many_channels_do_not_become_three():
    content = tiff(np.zeros((6, 9, 5), np.uint8), photometric="minisblack", planarconfig="contig")
    with pytest.raises(ValueError, match="5 channels; `channels` asks for 3"):
        read_picture(content, Decoding(channels=3))


def test_a_deep_image_is_resized_as_one_of_eight_bits():
    eight = RANDOM.integers(0, 256, (40, 60), np.uint8)
    deep = read_picture(saved(eight.astype(np.uint16) * 257), Decoding(side=16)).pixels
    assert np.abs(deep / 257 - read_picture(saved(eight), Decoding(side=16)).pixels).max() <= 1


def test_a_claim_of_gigabytes_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(deep_pixels, "MAX_VALUES_BYTES", 100)
    with pytest.raises(ValueError, match="270 bytes; at most 100"):
        read_picture(tiff(np.zeros((6, 9, 5), np.uint8), photometric="minisblack", planarconfig="contig"))
