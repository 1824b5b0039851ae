"""Figures as PNG, SVG or PDF: needs kaleido and a Chrome; without them a message says what to install."""

import os
import re
import shutil
from pathlib import Path

import plotly.graph_objects as go

from probeline.failures import UserError
from probeline.report.contents import Contents

KINDS = ("png", "svg", "pdf")
WIDTH = 1000  # px
BROWSERS = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")


def write(page: Contents, folder: Path, kind: str) -> list[Path]:
    """One file a figure in `folder/figures`. Raises UserError."""
    if kind not in KINDS:
        raise UserError(f"--images {kind}: unknown; there are {', '.join(KINDS)}")
    figures = [(c.name, c.figure) for part in page.sections for c in part.charts if c.figure is not None]
    kaleido = _ready()
    (folder / "figures").mkdir(exist_ok=True)
    paths = []
    for i, (name, figure) in enumerate(figures, 1):
        path = folder / "figures" / f"{i:02}_{re.sub('[^a-z0-9_]+', '_', name.lower())[:60]}.{kind}"
        options = {"width": WIDTH, "height": int(figure.layout.height or 450), "scale": 2 if kind == "png" else 1}
        kaleido.write_fig_sync(_on_paper(figure), path=str(path), opts={"format": kind, **options})
        paths.append(path)
    return paths


def _on_paper(figure: go.Figure) -> go.Figure:
    """With its title and a white ground, as the page's own text and colours are not there."""
    drawn, meta = go.Figure(figure), figure.layout.meta or {}
    title = {"text": meta.get("title", ""), "x": 0.01, "font": {"size": 16}}
    margin = {"t": 60, "b": 80} if "panels" not in meta else {"t": 40, "b": 20}
    drawn.update_layout(paper_bgcolor="white", plot_bgcolor="white", title=title, margin=margin)
    if meta.get("direct"):  # names stand beside the lines, as in figures.js
        longest = max((len(re.sub("<[^>]*>|&[^;]*;", "", note.text)) for note in drawn.layout.annotations), default=0)
        drawn.update_layout(showlegend=False, margin_r=24 + 7.5 * longest)
    return drawn


def _ready():
    """The module kaleido, with a browser that it finds. Raises UserError."""
    try:
        import kaleido
    except ImportError as error:
        raise UserError("--images: kaleido is not installed; pip install 'probeline[images]'") from error
    browser = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise UserError(
            "--images: no Chrome here; install one (apt-get install chromium) or name it in BROWSER_PATH. "
            "The page, its tables and its data are written all the same"
        )
    os.environ["BROWSER_PATH"] = browser  # where kaleido looks
    return kaleido
