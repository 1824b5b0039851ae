import base64
import re

import pytest
from helpers.panel_files import chosen, files, picture
from probeline.report.panels import views
from probeline.report.panels.gallery import Sheets, TileSheet, tile, tile_sheet


def test_a_tile_stands_at_its_place_of_the_sheet():
    at = [
        re.search(r"background-position:(\S+ \S+);", str(tile(TileSheet("s", 4, 3, 8, 16), i, "x")))[1]
        for i in (0, 3, 5, 11)
    ]
    assert at == ["0% 0%", "100% 0%", "33.33% 50%", "100% 100%"]
    assert "background-size:400% 300%" in tile(TileSheet("s", 4, 3, 8, 16), 0, "x")
    assert "background-position:0 0;aspect-ratio:8/16" in tile(TileSheet("s", 1, 1, 8, 16), 0, "x")


def test_what_is_read_aloud_cannot_end_its_attribute():
    assert "<img" not in tile(TileSheet("s", 1, 1, 8, 8), 0, '"><img src=x>')


def test_a_picture_is_kept_once_and_its_rule_holds_it_whole():
    sheets = Sheets()
    assert sheets.add(picture(3)) == sheets.add(picture(3)) != sheets.add(picture(2, "PNG"))
    found = re.findall(r"url\(data:image/(\w+);base64,([^)]+)\)", str(sheets.css()))
    assert [(kind, base64.b64decode(text)) for kind, text in found] == [
        ("jpeg", picture(3)), ("png", picture(2, "PNG"))
    ]  # fmt: skip
    with pytest.raises(ValueError, match="neither"):
        sheets.add(b"<svg onload=alert(1)>")
    with pytest.raises(ValueError, match="without tiles"):
        tile_sheet("s", {"tile": [8, 8], "across": 0, "count": 3})


def test_cells_without_a_picture_are_said_with_their_reason_and_none_asked_is_no_gallery():
    shown = [
        chosen(),
        chosen("random", files={}, notes={"views": "it trains nothing; ask another"}),
        chosen("raw", files={}, notes={"views": "it trains nothing; and another"}),
        chosen("late", trial_id="", why="no trial has finished", files={}),
        chosen("torn", files=files() | {"views/views.json": b'{"format": 1, "samples": 3}'}),
        chosen("other", protocols=("knn",)),
    ]
    made = views.panel(shown, Sheets())
    assert [card.cell for card in made.cards] == ["simclr"] and made.cards[0].trial == "seed 0, trial ab12"
    assert made.missing == (
        "random, raw: it trains nothing",
        "late: no trial has finished",
        "torn: trial ab12 left files that cannot be read (TypeError)",
    )
    assert views.panel([chosen(protocols=("knn",))], Sheets()) is None
