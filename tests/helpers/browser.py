"""A real browser for tests: this machine's Chromium, driven by Playwright; never one that Playwright would download.

`conftest.py` loads it for all tests. One that asks for the fixture `visit` opens pages with it, and fails at its end if
a page complained: of an error in its console, of an exception, or of having asked for anything beyond this machine.
Where there is no Chromium such a test is skipped.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = [
    "--no-sandbox",  # tests may run as root, as in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
]
LOCAL = {"127.0.0.1", "localhost", "::1", None}  # None: of file:, data: and blob:


@dataclass(frozen=True)
class Look:
    """What a reader sits before: a window in pixels, light or dark, with a network or without."""

    width: int = 1280
    height: int = 900
    dark: bool = False
    online: bool = True
    phone: bool = False  # a touch screen with two device pixels for one


PHONE = Look(width=390, height=844, phone=True)


@dataclass
class Visit:
    """Opens pages; `complaints` is all that they complained of. A test that expects one takes it out."""

    browser: "Browser"
    complaints: list[str] = field(default_factory=list)

    def __call__(self, address: str, look: Look | None = None) -> "Page":
        """The page of an address, once its `load` event has come, in a fresh profile."""
        look = look or Look()
        context = self.browser.new_context(
            viewport={"width": look.width, "height": look.height},
            color_scheme="dark" if look.dark else "light",
            offline=not look.online,
            has_touch=look.phone,
            is_mobile=look.phone,
            device_scale_factor=2 if look.phone else 1,
            service_workers="block",
        )
        page = context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on("request", self._asked)
        page.goto(address, wait_until="load")
        return page

    def _said(self, message: "ConsoleMessage") -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _asked(self, request: "Request") -> None:
        if urlsplit(request.url).hostname not in LOCAL:
            self.complaints.append(f"asked for {request.url}")


def program() -> str | None:
    """Where this machine's Chromium is, or what BROWSER_PATH names; None where there is none."""
    return os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def launched(path: str) -> Iterator["Browser"]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")  # not for the whole session: Playwright holds an event loop, which asyncio.run refuses
def chromium() -> Iterator["Browser"]:
    """A running Chromium; skips where there is none."""
    pytest.importorskip("playwright", reason="the extra [test] is not installed: no Playwright")
    path = program()
    if path is None:
        pytest.skip("no Chromium here: apt-get install chromium, or name one in BROWSER_PATH")
    with launched(path) as browser:
        yield browser


@pytest.fixture
def visit(chromium: "Browser") -> Iterator[Visit]:
    """Opens pages, and holds against the test what they complained of."""
    visits = Visit(chromium)
    yield visits
    for context in chromium.contexts:
        context.close()
    assert visits.complaints == []
