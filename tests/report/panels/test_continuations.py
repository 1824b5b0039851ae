import json

import pytest
from helpers.panel_files import chosen
from probeline.report.panels import continuations as panel

HOSTILE = "<script>alert(1)</script>\x1b[31m"
TEXTS = [{"prompt": "FIRST:\nWho", "continuation": " is there?\n\nSECOND:"}, {"prompt": HOSTILE, "continuation": ""}]


def drawn(texts, **change):
    document = {"format": 1, "temperature": 0.8, "top_k": 40, "texts": texts} | change
    return chosen(protocols=("samples",), files={panel.FILE: json.dumps(document).encode()})


def test_prompt_and_continuation_stand_apart_with_their_lines_and_the_way_they_were_drawn():
    text = str(panel.draw(panel.prepare(drawn(TEXTS))))
    assert '<span class="prompt">FIRST:\nWho</span> is there?\n\nSECOND:' in text
    assert "temperature 0.8, among the 40 likeliest tokens" in text
    assert "all tokens" in str(panel.draw(panel.prepare(drawn(TEXTS, top_k=None))))


def test_markup_and_control_characters_are_inert():
    text = str(panel.draw(panel.prepare(drawn(TEXTS))))
    assert "<script>" not in text and "&lt;script&gt;" in text and "\x1b" not in text


def test_a_table_says_the_same_and_what_is_absent_or_damaged_is_missing():
    gallery = panel.panel([drawn(TEXTS), chosen("other", protocols=("samples",), files={})])
    assert gallery.tables[0].rows[0][0].text == "FIRST:\nWho"
    assert "other: trial ab12 left none" in gallery.missing[0] and gallery.figures() == []
    assert panel.panel([chosen()]) is None


@pytest.mark.parametrize("damage", [{"texts": [{"prompt": "no continuation"}]}, {"format": 9}, {"temperature": "hot"}])
def test_damaged_files_are_missing(damage):
    gallery = panel.panel([drawn(**{"texts": TEXTS} | damage)])
    assert not gallery.cards and "cannot be read" in gallery.missing[0]
