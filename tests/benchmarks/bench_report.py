"""A report of 5,000 finished trials in an sqlite MLflow, cold and again; plan, status, board and first paint beside it.

Everything that is timed is the command as a user types it, in a process of its own.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.command import cost, least
from tests.benchmarks.finished import fill, touch
from tests.benchmarks.row import Row

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def painted(page: Path) -> float:
    """Seconds from navigation to the first contentful paint, in a headless Chromium."""
    import choreographer

    async def measure() -> float:
        path = next(filter(None, map(shutil.which, BROWSERS)))
        async with choreographer.Browser(path=path, headless=True, enable_sandbox=False) as browser:
            tab = await browser.create_tab("about:blank")
            await tab.send_command("Page.navigate", {"url": page.resolve().as_uri()})
            asked = "(performance.getEntriesByName('first-contentful-paint')[0] || {startTime: -1}).startTime"
            for _ in range(100):
                await asyncio.sleep(0.2)
                reply = await tab.send_command("Runtime.evaluate", {"expression": asked})
                if (found := reply["result"]["result"]["value"]) > 0:
                    return found / 1000
        raise RuntimeError(f"{page}: not painted within 20 s")

    return asyncio.run(measure())


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = fill(Path(name) / "many", 50).parent
        for command in ("plan", "status"):
            spent = least(f"{command} spec.yaml", folder, rounds=2)
            name_of = f"probeline {command}, 5,000 trials finished ({spent})"
            yield Row(name_of, spent.wall, "s", target="under 1 s", met=spent.wall < 1)
        spent = least("board", folder, rounds=2)
        name_of = f"probeline board over 5,000 trials ({spent})"
        yield Row(name_of, spent.wall, "s", target="under 5 s", met=spent.wall < 5)
        spent = cost("report spec.yaml", folder)
        name_of = f"probeline report of 5,000 trials, cold ({spent})"
        yield Row(name_of, spent.wall, "s", target="under 2 s", met=spent.wall < 2)
        touch(folder)
        spent = cost("report spec.yaml", folder)
        name_of = f"the same after one trial has changed ({spent})"
        yield Row(name_of, spent.wall, "s", target="under 1 s", met=spent.wall < 1)
        small = fill(Path(name) / "some", 5).parent
        cost("report spec.yaml", small)
        page = small / ".probeline/reports/many/index.html"
        size = page.stat().st_size / 1e6
        yield Row("page of 500 trials", size, "MB", target="under 10 MB", met=size < 10)
        if any(map(shutil.which, BROWSERS)):
            paint = min(painted(page) for _ in range(3))
            yield Row("first paint of that page in Chromium", paint, "s", target="under 2 s", met=paint < 2)
