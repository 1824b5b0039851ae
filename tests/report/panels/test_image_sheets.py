import io

import numpy as np
from helpers.panel_files import chosen, picture
from PIL import Image
from probeline.report.panels import image_sheets
from probeline.report.panels.image_compression import compact


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_every_png_of_a_protocol_is_shown_by_its_name():
    names = ("generations/samples.png", "mine.own/<b>.png", "generations/reconstructions.png")
    files = {name: picture(shade, "PNG") for shade, name in zip((3, 2, 4), names, strict=True)}
    one = chosen(protocols=("generations", "mine.own"), files=files)
    found = image_sheets.panels([one, chosen("other", files={}, protocols=("generations",))])
    assert [gallery.title for gallery in found] == ["Reconstructions", "Samples", "mine.own: <b>"]
    assert 'src="data:image/png;base64,' in found[0].cards[0].body and "<b>" not in found[2].cards[0].body
    assert found[0].missing == ("other: trial ab12 left none",)


def test_a_file_that_is_no_picture_is_missing_with_its_reason():
    one = chosen(files={"generations/samples.png": b"<script>alert(1)</script>"})
    assert image_sheets.panels([one])[0].missing == ("simclr: trial ab12 left files that cannot be read (ValueError)",)


def test_a_large_png_is_carried_with_its_zoom_undone_and_looks_the_same():
    noise = np.random.default_rng(0).integers(0, 40, (160, 120, 3), dtype=np.uint8)
    small = noise + np.arange(120, dtype=np.uint8)[:, None]
    large = png(small.repeat(3, 0).repeat(3, 1))
    made = compact(large)
    with Image.open(io.BytesIO(made)) as found:
        assert found.size == (120, 160) and len(made) < len(large) / 2
        assert np.abs(np.asarray(found).astype(int) - small).mean() < 8  # noise is the worst for a JPEG


def test_a_small_png_and_what_is_none_stay_as_they_are():
    noise = np.random.default_rng(0).bytes(60_000)
    for content in (picture(3, "PNG"), noise, b"\x89PNG\r\n\x1a\n" + noise):
        assert compact(content) is content
