import json

import pytest
from helpers.panel_files import chosen
from probeline.report.panels import attention_maps as panel

HOSTILE = "<script>alert(1)</script>\x1b[31m"
TEXTS = [
    {"label": "pets", "tokens": ["the", " cat", "[SEP]"], "weights": [[1, 0, 0], [0.75, 0.25, 0], [0.2, 0.5, 0.3]]},
    {"label": "", "tokens": [HOSTILE, " ", "\n"], "weights": [[0.5, 0.25, 0.25]] * 3},
]


def drawn(texts, **change):
    document = {"format": 1, "head": None, "heads": 4, "texts": texts} | change
    return chosen(protocols=(panel.PROTOCOL,), files={panel.FILE: json.dumps(document).encode()})


def test_a_row_a_token_with_the_shares_that_it_takes_and_the_heads_that_they_are_of():
    text = str(panel.draw(panel.prepare(drawn(TEXTS[:1]))))
    assert text.count("<tr>") == 4 and text.count('class="field"') == 9
    assert 'aria-label="cat takes 75% of the; [SEP] takes 50% of cat; [SEP] takes 20% of the' in text
    assert '<th scope="row"><bdi>cat</bdi></th><td class="field" style="--share:87%">' in text  # sqrt(0.75)
    assert "mean of 4 heads" in text
    assert "head 2 of 4" in str(panel.draw(panel.prepare(drawn(TEXTS, head=2))))


def test_markup_is_inert_and_white_space_is_seen():
    text = str(panel.draw(panel.prepare(drawn(TEXTS))))
    assert "<script>" not in text and "&lt;script&gt;" in text and "\x1b" not in text
    assert "<bdi>␣</bdi>" in text and "<bdi>↵</bdi>" in text


def test_a_table_says_the_same_and_what_is_absent_is_missing():
    gallery = panel.panel([drawn(TEXTS[:1]), chosen("other", protocols=(panel.PROTOCOL,), files={})])
    assert gallery.tables[0].rows[0][0].text == "the cat [SEP]"
    assert "other: trial ab12 left none" in gallery.missing[0]
    assert panel.panel([chosen()]) is None


@pytest.mark.parametrize(
    "damage",
    [
        {"texts": [TEXTS[0] | {"weights": [[1, 0, 0]]}]},
        {"texts": [TEXTS[0] | {"weights": [[7, 0, 0]] * 3}]},
        {"texts": [TEXTS[0] | {"weights": [[float("nan"), 0, 0]] * 3}]},
        {"texts": [{"label": "", "tokens": [], "weights": []}]},
        {"heads": "many"},
        {"format": 9},
    ],
)
def test_damaged_files_are_missing(damage):
    gallery = panel.panel([drawn(**{"texts": TEXTS} | damage)])
    assert not gallery.cards and "cannot be read" in gallery.missing[0]
