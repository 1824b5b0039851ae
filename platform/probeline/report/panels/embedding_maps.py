"""h in two dimensions: a panel a cell, a point an image; the page shows the image of the point under the pointer."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from probeline.report.figures import _style
from probeline.report.figures._panels import axis, panels
from probeline.report.panels.gallery import Sheets, attempted, missing_sentences, size_of
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean

PROTOCOL = "map_2d"
HEIGHT = 290  # px
GAP = 20  # px between rows of panels, which have no ticks
FIRST = 6  # panels that are open; more wait in a fold
NAMED = 24  # classes with a colour and symbol of their own
WORDS = {
    "tsne": (
        "h in two dimensions by t-SNE",
        "Near points are near in h by cosine similarity; how large groups are and how far apart, means little.",
    ),
    "pca": ("h in two dimensions by its principal components", "The two directions in which h varies most."),
}
HOW = (
    "A point is a validation image; the pointer, or the arrow keys once the figure has the focus, show it, and where "
    "the same image lies in the other panels."
)


def prepare(one: SelectedTrial, sheets: Sheets) -> pd.DataFrame:
    """A row a map and image: cell, trial, map, x, y (-1 to 1), tile, label ("" for none), title.

    `attrs`: `sheet`, `size` of its tiles, `classes`.
    """
    facts = one.facts(f"{PROTOCOL}/map.json")
    if facts is None:
        return pd.DataFrame()
    names = [facts["classes"][label] if label >= 0 else "" for label in facts["labels"]]
    parts = []
    for name, points in facts["maps"].items():
        frame = pd.DataFrame(points, columns=["x", "y"], dtype=float)
        held = sum(facts["pca_variance"])
        title = f"{clean(one.cell)}, {held:.0%} of the variance" if name == "pca" else clean(one.cell)
        parts.append(frame.assign(map=name, tile=range(len(frame)), label=names, title=title))
    frame = pd.concat(parts, ignore_index=True).assign(cell=one.cell, trial=one.trial_id, seed=one.seed)
    frame.attrs = {
        "sheet": sheets.add(one.files[f"{PROTOCOL}/thumbnails.jpg"]),
        "size": size_of(facts["sheet"]),
        "classes": [str(name) for name in facts["classes"]],
    }
    return frame


def charts(chosen: Sequence[SelectedTrial], sheets: Sheets) -> tuple[list[tuple[go.Figure, bool]], tuple[str, ...]]:
    """Figures, each with whether it waits in a fold, and sentences on what is missing."""
    frames, missing = [], []
    for one in chosen:
        if PROTOCOL in one.protocols:
            frame, why = attempted(one, PROTOCOL, lambda one: prepare(one, sheets))
            frames += [frame] if not why else []
            missing += [(one.cell, why)] if why else []
    names = list(dict.fromkeys(name for frame in frames for name in frame["map"]))
    maps = []
    for panel, name in enumerate(names):
        having = [_one(frame, name) for frame in frames if (frame["map"] == name).any()]
        for start in range(0, len(having), FIRST):
            more = "" if start == 0 else ", more cells"
            maps.append((draw(having[start : start + FIRST], more), panel > 0 or start > 0))
    return maps, missing_sentences(missing)


def draw(frames: Sequence[pd.DataFrame], more: str = "") -> go.Figure:
    """A panel a frame, all of one map."""
    title, caption = WORDS.get(frames[0]["map"].iloc[0], (clean(frames[0]["map"].iloc[0]), ""))
    titles = [_style.text(frame["title"].iloc[0], 42) for frame in frames]
    figure = panels(titles, [HEIGHT] * len(frames), title + more, caption)
    classes = list(dict.fromkeys(name for frame in frames for name in frame.attrs["classes"]))
    looks = _style.style(classes) if len(classes) <= NAMED else {}
    for panel, frame in enumerate(frames):
        for name, group in frame.groupby("label", sort=False):
            _points(figure, panel, frame, group, looks.get(name, (_style.GREY, "circle")), name in looks)
    figure.update_xaxes(range=[-1.07, 1.07], showticklabels=False, ticks="", showgrid=False, mirror=True, showline=True)
    figure.update_yaxes(range=[-1.07, 1.07], showticklabels=False, ticks="", showgrid=False, mirror=True, showline=True)
    figure.update_layout(
        showlegend=bool(looks), margin={"l": 8},
        meta={**figure.layout.meta, "how": HOW, "left": 8, "legend": len(looks), "gap": GAP, "thumbnails": True},
    )  # fmt: skip
    return figure


def _one(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    part = frame[frame["map"] == name].reset_index(drop=True)
    part.attrs = frame.attrs
    return part


def _points(figure: go.Figure, panel: int, frame: pd.DataFrame, group: pd.DataFrame, look: tuple, named: bool) -> None:
    first, name = group.iloc[0], group["label"].iloc[0]
    legend_groups = {trace.legendgroup for trace in figure.data}
    across, lines, width, height = frame.attrs["size"]
    figure.add_scatter(
        x=list(group["x"]), y=list(group["y"]), mode="markers", name=_style.text(name or "no label"),
        xaxis=axis("x", panel), yaxis=axis("y", panel), customdata=list(group["tile"]), hoverinfo="none",
        legendgroup=str(name), showlegend=named and str(name) not in legend_groups,
        marker={"color": look[0], "symbol": look[1], "size": 7, "opacity": 0.85, "line": {"width": 0}},
        meta={"sheet": frame.attrs["sheet"], "size": [across, lines, width, height],
              "said": clean(name) or "no label",
              "of": f"{clean(first['cell'])}, seed {first['seed']}, trial {clean(first['trial'])}"},
    )  # fmt: skip
