"""The page in a real browser, from disk; skipped where there is none."""

import re
import shutil
import subprocess

import pytest
from probeline.report.page import write

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = "</script><script>document.title=1</script><img src=x onerror=document.title=2>"

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--virtual-time-budget=6000", "--enable-logging=stderr"),
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")


def browse(page, profile):
    """The document after its scripts have run, and what the console said."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_a_page_with_hostile_names_draws_its_figures_and_runs_nothing_else(tmp_path, make):
    frame = make.trials(levels={HOSTILE: 0.7, "simclr": 0.6})
    write(make.experiment(notes=HOSTILE), make.fail(frame, 0, message=HOSTILE), make.history(frame), tmp_path / "page")
    document, console = browse(tmp_path / "page" / "index.html", tmp_path / "profile")
    assert console == []
    assert document.count('class="plot js-plotly-plot ready"') == 4  # the online probe waits in its fold
    assert "<title>quickstart · Probeline</title>" in document
    assert not re.search(r"<img[^>]*onerror", document)
