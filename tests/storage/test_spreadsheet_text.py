"""Fields of CSV files that begin as a formula does."""

import pytest
from probeline.storage.spreadsheet_text import inert, original


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "'=1"]
)
def test_what_a_spreadsheet_computes_stands_behind_a_quote(text: str) -> None:
    assert inert(text) == f"'{text}"
    assert original(inert(text)) == text


@pytest.mark.parametrize("text", ["", "cat", "a=b", "'cat'", "漢字", "1", " ", "'"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text
    assert original(text) == text
