import base64
import io

import numpy as np
import pytest
from helpers.panel_files import VIEWS, chosen, facts, files, near, picture
from PIL import Image
from probeline.report.panels import image_sheets, neighbours, views
from probeline.report.panels.gallery import FIRST, Sheets
from probeline.report.panels.static_layout import COLUMNS, WIDTH


def pixels(image):
    """[H, W, 3] of what an image of a figure holds."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(image.source.partition(",")[2]))).convert("RGB"))


def drawn(gallery):
    return [draw() for draw in gallery.figures()]


def test_each_tile_is_the_one_of_its_place_on_the_sheet_with_its_pixels_as_squares():
    (figure,) = drawn(neighbours.panel([chosen()], Sheets()))
    shades = [pixels(image).mean() for image in figure.layout.images]
    assert shades == pytest.approx([90, 92, 93, 91, 94, 95], abs=2), "queries 0 and 1, each before its neighbours"
    assert all(pixels(image).shape == (128, 128, 3) for image in figure.layout.images)


def test_a_neighbour_of_another_class_has_a_frame_and_its_class():
    (figure,) = drawn(neighbours.panel([chosen()], Sheets()))
    (frame,) = figure.layout.shapes
    odd = figure.layout.images[2]
    assert frame.x0 < odd.x < frame.x1 and frame.y0 < odd.y < frame.y1
    assert [note.text for note in figure.layout.annotations] == ["<b>simclr</b>", "brick", "rocket", "coffee"]


def test_nothing_leaves_the_figure_and_no_tile_covers_another():
    many = [near(place, "a class with a long name") for place in range(1, 9)]
    queries = facts(9, queries=[{"tile": 0, "label": "brick", "near": many}] * 3, among=9)
    left = files() | {"neighbours/neighbours.json": queries, "neighbours/neighbours.jpg": picture(9)}
    (figure,) = drawn(neighbours.panel([chosen(f"cell {i}", files=left) for i in range(4)], Sheets()))
    boxes = [(i.x, i.x + i.sizex, i.y, i.y + i.sizey) for i in figure.layout.images]
    assert len(boxes) == 4 * 27
    assert min(b[0] for b in boxes) >= 0 and max(b[1] for b in boxes) <= WIDTH
    assert min(b[2] for b in boxes) >= 0 and max(b[3] for b in boxes) <= figure.layout.height
    for i, (left, right, top, foot) in enumerate(boxes):
        assert all(right <= b[0] or b[1] <= left or foot <= b[2] or b[3] <= top for b in boxes[i + 1 :])


def test_more_cells_than_a_page_opens_become_a_second_figure():
    shown = [chosen(f"cell {i}") for i in range(FIRST + 1)]
    first, second = drawn(views.panel(shown, Sheets()))
    assert len(first.layout.images) == FIRST * len(second.layout.images) == FIRST * 3
    assert len({note.x for note in first.layout.annotations if note.text.startswith("<b>")}) == COLUMNS


def test_a_view_has_its_target_below_it():
    (figure,) = drawn(views.panel([chosen()], Sheets()))
    assert [note.text for note in figure.layout.annotations] == ["<b>simclr</b>", "brick", "3"]


def test_a_whole_picture_fills_its_card_and_keeps_its_shape():
    (figure,) = drawn(image_sheets.panels([chosen()])[0])
    (image,) = figure.layout.images
    assert image.sizex / image.sizey == pytest.approx(5) and pixels(image).shape[1] > 400


def test_a_file_that_only_begins_as_a_picture_is_said_and_the_others_are_drawn():
    torn = files() | {
        "views/views.jpg": b"\xff\xd8\xff" + bytes(100),
        "generations/samples.png": b"\x89PNG" + bytes(100),
    }
    large = files() | {"views/views.json": facts(3, samples=VIEWS).replace(b"[8, 8]", b"[100000, 100000]")}
    shown = [chosen("torn", files=torn), chosen("large", files=large), chosen("whole")]
    (figure,) = drawn(views.panel(shown, Sheets()))
    said = [note.text for note in figure.layout.annotations if "<b>" in note.text]
    assert said == [
        "<b>torn</b>: a file that cannot be read", "<b>large</b>: a file that cannot be read", "<b>whole</b>"
    ]  # fmt: skip
    assert len(figure.layout.images) == 3
    assert "cannot be read" in drawn(image_sheets.panels(shown[:1])[0])[0].layout.annotations[0].text
