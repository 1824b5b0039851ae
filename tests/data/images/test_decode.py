import io

import numpy as np
import pytest
from PIL import Image
from probeline.data.images import decode
from probeline.data.images.decode import read_image


def encoded(pixels: np.ndarray, kind: str = "PNG", mode: str | None = None) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, kind)
    return buffer.getvalue()


RANDOM = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


def test_a_png_is_read_to_the_bit():
    pixels, grey = read_image(encoded(RANDOM))
    assert np.array_equal(pixels, RANDOM) and not grey


def test_grey_is_told_and_repeated():
    pixels, grey = read_image(encoded(RANDOM[..., 0]))
    assert grey and np.array_equal(pixels, np.repeat(RANDOM[..., :1], 3, axis=2))


def test_the_shorter_side_is_resized_and_the_centre_kept():
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 200
    pixels, _ = read_image(encoded(wide), side=10)
    assert pixels.shape == (10, 10, 3) and pixels[:, 1:-1].min() == 200
    assert read_image(encoded(wide[:10, :10]), side=10)[0].tolist() == wide[:10, :10].tolist()


@pytest.mark.parametrize("mode", ["RGBA", "P", "CMYK", "1", "LA"])
def test_eight_bit_modes_are_read(mode):
    kind = "TIFF" if mode == "CMYK" else "PNG"
    assert read_image(encoded(RANDOM, kind, mode))[0].shape == (6, 9, 3)


def test_what_has_more_than_eight_bits_is_refused_rather_than_clipped():
    with pytest.raises(ValueError, match="mode I;16; only images of 8 bits"):
        read_image(encoded(np.full((4, 4), 40000, np.uint16)))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "PPM", "TIFF"])
def test_a_damaged_image_raises_one_of_two_errors(kind):
    content = encoded(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), kind)
    for broken in (b"", content[:20], content[: len(content) // 2], b"\0" * 99):
        with pytest.raises((OSError, ValueError)):
            read_image(broken)


def test_an_image_above_the_bound_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(decode, "MAX_PIXELS", 50)
    with pytest.raises(ValueError, match="9x6 pixels; at most 50"):
        read_image(encoded(RANDOM))


def test_resizing_sees_nothing_outside():
    photograph = np.zeros((20, 20, 3), np.uint8)
    photograph[5:15, 5:15] = 90
    assert set(decode.resized(photograph[5:15, 5:15], 6).ravel()) == {90}
