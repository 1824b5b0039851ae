"""The fixture itself: what a page may not do is seen."""

from pathlib import Path

import pytest
from helpers.browser import PHONE, Look, Visit


def page(folder: Path, body: str) -> str:
    file = folder / "page.html"
    file.write_text(f"<!doctype html><title>A page</title><body>{body}")
    return file.as_uri()


def test_a_page_from_disk_opens_without_a_network(visit, tmp_path):
    assert visit(page(tmp_path, ""), Look(online=False)).title() == "A page"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>console.error('odd')</script>", "console: odd"),
        ("<script>throw new Error('broken')</script>", "exception: broken"),
        ("<img src='https://example.invalid/a.png'>", "asked for https://example.invalid/a.png"),
    ],
)
def test_what_a_page_complains_of_is_told(chromium, tmp_path, body, complaint):
    visits = Visit(chromium)
    visits(page(tmp_path, body), Look(online=False))
    assert any(each.startswith(complaint) for each in visits.complaints)


def test_a_phone_is_narrow_and_dark_is_dark(visit, tmp_path):
    tells = "() => [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]"
    address = page(tmp_path, "<meta name=viewport content='width=device-width'>")
    assert visit(address, PHONE).evaluate(tells) == [390, False]
    assert visit(address, Look(dark=True)).evaluate(tells) == [1280, True]
