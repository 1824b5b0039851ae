"""Figures as PNG, SVG or PDF: needs kaleido and a Chrome; without them a message says what to install."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType

import plotly.graph_objects as go

from probeline.errors import UserError
from probeline.report.figures import _panels, _style
from probeline.report.formats.contents import Contents

KINDS = ("png", "svg", "pdf")
FOLDER = "figures"
WIDTH, TITLE = 1000, 44  # px: of a figure, of the room for its title above panels
BROWSERS = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")


@dataclass(frozen=True)
class Picture:
    """A figure that becomes a file: its path below the report's folder, the section it stands in; `draw` makes it."""

    file: str
    part: str
    title: str
    caption: str
    draw: Callable[[], go.Figure] = field(repr=False, compare=False)


def pictures(page: Contents, kind: str) -> list[Picture]:
    """What becomes files of `kind`, in the page's order: galleries, FIRST cells a file, and figures."""
    files: list[Picture] = []
    for part in page.sections:
        for each in part.galleries:
            for number, draw in enumerate(each.figures()):
                more = ", more cells" if number else ""
                files.append(_picture(len(files), each.name, part.id, (each.title + more, each.caption), draw, kind))
        for chart in part.charts:
            if chart.figure is not None:
                meta = chart.figure.layout.meta or {}
                words = meta.get("title") or chart.name.replace("_", " "), meta.get("caption", "")
                files.append(_picture(len(files), chart.name, part.id, words, partial(go.Figure, chart.figure), kind))
    return files


def _picture(before: int, name: str, part: str, words: tuple[str, str], draw: Callable, kind: str) -> Picture:
    slug = re.sub("[^a-z0-9_]+", "_", name.lower())[:60]
    return Picture(f"{FOLDER}/{before + 1:02}_{slug}.{kind}", part, *words, draw)


def write(files: Sequence[Picture], folder: Path, kind: str) -> list[Path]:
    """Draw each into its file below `folder`. Raises UserError."""
    kaleido, browser = _ready()
    (folder / FOLDER).mkdir(exist_ok=True)
    try:  # one browser for all, without MathJax: that comes from the network, and a dollar is no formula on the page
        kaleido.write_fig_from_object_sync(_asked(files, folder, kind), cancel_on_error=True, kopts={"mathjax": False})
    except Exception as error:  # whatever the browser, or what speaks to it, raises
        reason = str(error).strip().partition("\n")[0][:200] or type(error).__name__
        raise UserError(f"--images: {browser} did not draw ({reason}); all but the figures is written") from error
    return [folder / each.file for each in files]


def _asked(files: Sequence[Picture], folder: Path, kind: str) -> Iterator[dict]:
    for each in files:
        figure = on_paper(each.draw())
        options = {"width": WIDTH, "height": int(figure.layout.height or 450), "scale": 2 if kind == "png" else 1}
        yield {"fig": figure, "path": str(folder / each.file), "opts": {"format": kind, **options}}


def on_paper(figure: go.Figure) -> go.Figure:
    """With its title and a white ground, as the page's own text and colours are not there."""
    meta = figure.layout.meta or {}
    title = {"text": _style.text(meta.get("title", ""), 90), "x": 0.016, "font": {"size": 16}}
    if meta.get("panels"):
        _panels.in_columns(figure, WIDTH)
    if meta.get("panels") or meta.get("canvas"):  # as high as what they hold: the title is above that
        title |= {"y": 1, "yanchor": "top", "pad": {"t": 14}}
        figure.update_layout(height=figure.layout.height + TITLE, margin_t=TITLE)
    else:
        figure.update_layout(margin={"t": 60, "b": 80})
    figure.update_layout(paper_bgcolor="white", plot_bgcolor="white", title=title)
    if meta.get("direct"):  # names stand beside the lines, as in figures.js
        longest = max((len(re.sub("<[^>]*>|&[^;]*;", "", note.text)) for note in figure.layout.annotations), default=0)
        figure.update_layout(showlegend=False, margin_r=24 + 7.5 * longest)
    elif "direct" in meta:
        _legend_below(figure)
    return figure


def _legend_below(figure: go.Figure) -> None:
    """Room for all names below the plot, as in figures.js."""
    names = [len(trace.name or "") for trace in figure.data if trace.showlegend is not False]
    across = max(1, int((WIDTH - 72) / (56 + 7 * max(names, default=1))))
    height = (figure.layout.height or 450) + 24 * -(-len(names) // across)
    figure.update_layout(height=height, showlegend=True, legend_maxheight=height)


def check(kind: str) -> None:
    """Raises UserError for a kind of file that there is not."""
    if kind not in KINDS:
        raise UserError(f"--images {kind}: unknown; there are {', '.join(KINDS)}")


def _ready() -> tuple[ModuleType, str]:
    """The module kaleido, and the browser that it finds. Raises UserError."""
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
    return kaleido, browser
