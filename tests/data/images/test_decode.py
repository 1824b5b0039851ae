import contextlib
import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from probeline.data.images import decode
from probeline.data.images.decode import Decoding, read_picture


def encoded(pixels: np.ndarray, kind: str = "PNG", mode: str | None = None) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, kind)
    return buffer.getvalue()


RANDOM = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


def test_a_png_is_read_to_the_bit():
    assert np.array_equal(read_picture(encoded(RANDOM)).pixels, RANDOM)


def test_grey_has_one_channel():
    assert np.array_equal(read_picture(encoded(RANDOM[..., 0])).pixels, RANDOM[..., :1])


def test_the_shorter_side_is_resized_and_the_centre_kept():
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 200
    pixels = read_picture(encoded(wide), Decoding(side=10)).pixels
    assert pixels.shape == (10, 10, 3) and pixels[:, 1:-1].min() == 200
    assert read_picture(encoded(wide[:10, :10]), Decoding(side=10)).pixels.tolist() == wide[:10, :10].tolist()


@pytest.mark.parametrize("mode", ["RGBA", "P", "CMYK", "1", "LA"])
def test_eight_bit_modes_are_read(mode):
    kind = "TIFF" if mode == "CMYK" else "PNG"
    channels = 1 if mode in ("1", "LA") else 3
    assert read_picture(encoded(RANDOM, kind, mode)).pixels.shape == (6, 9, channels)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "PPM", "TIFF"])
def test_a_damaged_image_raises_one_of_two_errors(kind):
    content = encoded(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), kind)
    for broken in (b"", content[:20], content[: len(content) // 2], b"\0" * 99):
        with pytest.raises((OSError, ValueError)):
            read_picture(broken)


def test_an_image_above_the_bound_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(decode, "MAX_PIXELS", 50)
    with pytest.raises(ValueError, match="9x6 pixels; at most 50"):
        read_picture(encoded(RANDOM))


def test_resizing_sees_nothing_outside():
    photograph = np.zeros((20, 20, 3), np.uint8)
    photograph[5:15, 5:15] = 90
    assert set(decode.resized(photograph[5:15, 5:15], 6).ravel()) == {90}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("grey", [False, True])
def test_a_stored_rotation_is_applied_as_pil_does_and_only_where_asked(orientation, grey):
    image = Image.fromarray(RANDOM[..., 0] if grey else RANDOM)
    exif = Image.Exif()
    exif[decode.ORIENTATION] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=exif)
    stored = read_picture(buffer.getvalue())
    assert stored.orientation == orientation and np.array_equal(stored.pixels, np.atleast_3d(np.asarray(image)))
    turned = read_picture(buffer.getvalue(), Decoding(exif="apply")).pixels
    with Image.open(buffer) as opened:
        assert np.array_equal(turned, np.atleast_3d(np.asarray(ImageOps.exif_transpose(opened))))


def test_damaged_exif_does_not_spoil_sound_pixels():
    buffer = io.BytesIO()
    Image.fromarray(RANDOM).save(buffer, "PNG", exif=b"Exif\0\0II*\0junk")
    assert read_picture(buffer.getvalue()).orientation == decode.UPRIGHT


def test_one_channel_of_a_colour_image_is_its_luma():
    luma = np.asarray(Image.fromarray(RANDOM).convert("L"))
    assert np.array_equal(read_picture(encoded(RANDOM), Decoding(channels=1)).pixels[..., 0], luma)


def test_a_grey_image_is_resized_as_its_colour_copy_is():
    grey = np.random.default_rng(0).integers(0, 256, (33, 50), np.uint8)
    colour = read_picture(encoded(np.repeat(grey[..., None], 3, axis=2)), Decoding(side=20)).pixels
    assert np.array_equal(read_picture(encoded(grey), Decoding(side=20)).pixels, colour[..., :1])


def test_a_strip_is_refused_before_it_is_resized_to_gigabytes():
    strip = encoded(np.zeros((6000, 1), np.uint8))
    with pytest.raises(ValueError, match="1x6000 pixels: with `size`, the longer side is at most 64 times"):
        read_picture(strip, Decoding(side=224))
    assert read_picture(strip).pixels.shape == (6000, 1, 1)


def test_a_scan_of_81_megapixels_is_sound():
    picture = read_picture(encoded(np.zeros((9000, 9000), np.uint8)), Decoding(side=8))
    assert picture.size == (9000, 9000) and picture.pixels.shape == (8, 8, 1)


def test_far_too_many_pixels_are_refused_from_the_header():
    header = b"GIF89a\xff\xff\xff\xff\x80\0\0" + b"\0" * 6 + b",\0\0\0\0\xff\xff\xff\xff\0\x08\x01\0\0;"
    with pytest.raises(ValueError, match="more than the 100,000,000 pixels"):
        read_picture(header)


def test_no_other_program_is_run_for_a_picture(tmp_path, monkeypatch):
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(ValueError, match="not an image, or of a format"):
        read_picture(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n")
    assert not (tmp_path / "ran").exists()


def test_further_frames_are_noticed():
    buffer = io.BytesIO()
    frames = [Image.fromarray(RANDOM), Image.fromarray(255 - RANDOM)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert read_picture(buffer.getvalue()).more_pages and not read_picture(encoded(RANDOM, "GIF")).more_pages


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_an_image_with_wrong_bytes_is_read_or_refused_and_nothing_else(kind):
    content = np.frombuffer(encoded(np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8), kind), np.uint8)
    random = np.random.default_rng(1)
    for _ in range(60):
        wrong = content.copy()
        wrong[random.integers(0, len(wrong), random.choice([1, 3, 20]))] = random.integers(0, 256)
        with contextlib.suppress(OSError, ValueError):
            assert read_picture(wrong.tobytes(), Decoding(side=8, exif="apply")).pixels.shape[:2] == (8, 8)
