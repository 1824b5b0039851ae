"""Text that Markdown shows as it is."""

import re

import pytest
from probeline.storage.markdown_text import at_line_start, escaped, one_line


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](y)", "<javascript:x>", "`a` *b* _c_ # | ~ &lt;"],
)
def test_every_sign_with_a_meaning_is_escaped_and_nothing_else_changes(text: str) -> None:
    shown = escaped(text)
    assert not re.search(r"(?<!\\)[\[\]<>`*_#|~!&]", shown)
    assert shown.replace("\\", "") == text


def test_what_orders_or_ends_a_line_is_a_space() -> None:
    assert one_line("a\u202eb\x1b[31m\nc\u2028d") == "a b [31m c d"


@pytest.mark.parametrize(("text", "shown"), [("- a", "\\- a"), ("1. a", "1\\. a"), ("1.5 a", "1.5 a"), ("=", "\\=")])
def test_text_that_begins_a_line_begins_no_list_and_no_heading(text: str, shown: str) -> None:
    assert at_line_start(escaped(text)) == shown
