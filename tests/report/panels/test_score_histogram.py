import json
import re

import numpy as np
import pytest
from helpers.panel_files import chosen
from probeline.evaluation._score_histogram import BINS, write_histogram
from probeline.report.panels import score_histogram as panel


@pytest.fixture
def verified(tmp_path):
    random = np.random.default_rng(0)
    same = np.arange(400) < 100
    path = write_histogram(random.normal(same * 2.0, 1), same, tmp_path / "scores.json")
    return chosen(protocols=("verification",), files={panel.FILE: path.read_bytes()})


def test_shares_of_each_kind_add_up_to_1_whatever_their_number(verified):
    histogram = panel.prepare(verified)
    assert len(histogram.edges) == BINS + 1
    assert [sum(shares) for shares in histogram.shares.values()] == pytest.approx([1.0, 1.0])
    centres = (np.array(histogram.edges[1:]) + histogram.edges[:-1]) / 2
    equal, unequal = (float(centres @ np.array(histogram.shares[kind])) for kind in ("equal", "unequal"))
    assert equal - unequal == pytest.approx(2.0, abs=0.3)


def test_the_drawing_has_an_outline_a_kind_within_its_frame_and_says_what_it_shows(verified):
    drawing = str(panel.draw(panel.prepare(verified)))
    outlines = re.findall(r'points="([^"]+)"', drawing)
    corners = [tuple(map(float, corner.split(","))) for outline in outlines for corner in outline.split()]
    assert len(outlines) == 2
    assert all(0 <= x <= panel.WIDTH and 0 <= y <= panel.HEIGHT for x, y in corners)
    assert 'role="img"' in drawing and "equal and unequal pairs of simclr" in drawing


def test_on_paper_a_card_has_bars_of_both_kinds(verified):
    gallery = panel.panel([verified, chosen("other", protocols=("verification",), files={})])
    assert len(gallery.cards) == 1 and "other: trial ab12 left none" in gallery.missing[0]
    assert [bar.name for bar in panel.figure(gallery).data] == ["equal pairs", "unequal pairs"]


def test_files_that_do_not_fit_are_missing_and_without_the_protocol_there_is_no_gallery(verified):
    for change in ({"edges": [0, 1]}, {"format": 9}, {"equal": [0] * BINS}):
        document = json.loads(verified.files[panel.FILE]) | change
        files = {panel.FILE: json.dumps(document).encode()}
        gallery = panel.panel([chosen(protocols=("verification",), files=files)])
        assert not gallery.cards and "cannot be read" in gallery.missing[0]
    assert panel.panel([chosen()]) is None
