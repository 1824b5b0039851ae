"""h in two dimensions: a panel a cell, a point a sample; the page shows the sample of the point under the pointer."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from probeline.report.figures import _style
from probeline.report.figures._panels import axis, panels
from probeline.report.figures._style import Look
from probeline.report.panels.gallery import Sheets, TileSheet, attempted, missing_sentences
from probeline.report.panels.shown_samples import TextList, shown_samples
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean

PROTOCOL = "map_2d"
HEIGHT = 290  # px
GAP = 20  # px between rows of panels, which have no ticks
FIRST = 6  # panels that are open; more wait in a fold
MAX_NAMED = 24  # classes with a colour and symbol of their own
WORDS = {
    "tsne": (
        "h in two dimensions by t-SNE",
        "Near points are near in h by cosine similarity; how large groups are and how far apart, means little.",
    ),
    "pca": ("h in two dimensions by its principal components", "The two directions in which h varies most."),
}
HOW = (
    "A point is a validation sample; the pointer, or the arrow keys once the figure has the focus, show it, and where "
    "the same sample lies in the other panels."
)


@dataclass(frozen=True)
class EmbeddingMap:
    """One map of one trial; the i-th point, from -1 to 1, is that of the i-th tile, "" for no label."""

    name: str
    title: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class EmbeddingMaps:
    """The maps of one trial."""

    cell: str
    trial_id: str
    seed: int | None
    sheet: TileSheet | TextList
    classes: tuple[str, ...]
    labels: tuple[str, ...]
    maps: tuple[EmbeddingMap, ...]

    def named(self, name: str) -> EmbeddingMap | None:
        """The map of this name."""
        return next((each for each in self.maps if each.name == name), None)


def prepare(one: SelectedTrial, sheets: Sheets) -> EmbeddingMaps | None:
    """What the trial's files show; None where there are none. Raises ValueError where their numbers differ."""
    facts = one.facts(f"{PROTOCOL}/map.json")
    if facts is None:
        return None
    labels = tuple(facts["classes"][label] if label >= 0 else "" for label in facts["labels"])
    maps = tuple(EmbeddingMap(name, _title(one, name, facts), _points(of)) for name, of in facts["maps"].items())
    if not maps or any(len(each.points) != len(labels) for each in maps):
        raise ValueError(f"{len(labels)} labels, and as many points in no map")
    if not labels:
        return None
    classes = tuple(str(name) for name in facts["classes"])
    sheet = shown_samples(one, facts, f"{PROTOCOL}/thumbnails.jpg", sheets)
    if isinstance(sheet, TextList) and len(sheet.texts) != len(labels):
        raise ValueError(f"{len(labels)} points, and {len(sheet.texts)} texts")
    return EmbeddingMaps(one.cell, one.trial_id, one.seed, sheet, classes, labels, maps)


def _points(points: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)


def _title(one: SelectedTrial, name: str, facts: dict) -> str:
    explained = sum(facts["pca_variance"])
    return f"{clean(one.cell)}, {explained:.0%} of the variance" if name == "pca" else clean(one.cell)


def charts(chosen: Sequence[SelectedTrial], sheets: Sheets) -> tuple[list[tuple[go.Figure, bool]], tuple[str, ...]]:
    """Figures, each with whether it waits in a fold, and sentences on what is missing."""
    trials: list[EmbeddingMaps] = []
    missing = []
    for one in chosen:
        if PROTOCOL in one.protocols:
            info, why = attempted(one, PROTOCOL, lambda one: prepare(one, sheets))
            trials += [info] if info is not None else []
            missing += [(one.cell, why)] if info is None else []
    names = list(dict.fromkeys(each.name for info in trials for each in info.maps))
    figures = []
    for panel, name in enumerate(names):
        having = [info for info in trials if info.named(name)]
        for start in range(0, len(having), FIRST):
            more = "" if start == 0 else ", more cells"
            figures.append((draw(having[start : start + FIRST], name, more), panel > 0 or start > 0))
    return figures, missing_sentences(missing)


def draw(trials: Sequence[EmbeddingMaps], name: str, more: str = "") -> go.Figure:
    """The map of this name, a panel a trial that has one."""
    shown = [(info, each) for info in trials if (each := info.named(name)) is not None]
    title, caption = WORDS.get(name, (clean(name), ""))
    titles = [_style.text(each.title, 42) for _, each in shown]
    figure = panels(titles, [HEIGHT] * len(shown), title + more, caption)
    classes = list(dict.fromkeys(label for info, _ in shown for label in info.classes))
    looks = _style.style(classes) if len(classes) <= MAX_NAMED else {}
    for panel, (info, each) in enumerate(shown):
        for label in dict.fromkeys(info.labels):
            look = looks.get(label, Look(_style.GREY, "circle"))
            _draw_points(figure, panel, info, each, _Group(label, look, label in looks))
    figure.update_xaxes(range=[-1.07, 1.07], showticklabels=False, ticks="", showgrid=False, mirror=True, showline=True)
    figure.update_yaxes(range=[-1.07, 1.07], showticklabels=False, ticks="", showgrid=False, mirror=True, showline=True)
    figure.update_layout(
        showlegend=bool(looks), margin={"l": 8},
        meta={**figure.layout.meta, "how": HOW, "left": 8, "legend": len(looks), "gap": GAP, "thumbnails": True},
    )  # fmt: skip
    return figure


@dataclass(frozen=True)
class _Group:
    """The points of one label; `named`: whether it has a look of its own."""

    label: str
    look: Look
    named: bool


def _draw_points(figure: go.Figure, panel: int, info: EmbeddingMaps, each: EmbeddingMap, group: _Group) -> None:
    tiles = [tile for tile, label in enumerate(info.labels) if label == group.label]
    legend_groups = {trace.legendgroup for trace in figure.data}
    sheet, name = info.sheet, str(group.label)
    figure.add_scatter(
        x=[each.points[tile][0] for tile in tiles], y=[each.points[tile][1] for tile in tiles], mode="markers",
        name=_style.text(group.label or "no label"), xaxis=axis("x", panel), yaxis=axis("y", panel), customdata=tiles,
        hoverinfo="none", legendgroup=name, showlegend=group.named and name not in legend_groups,
        marker={"color": group.look.colour, "symbol": group.look.symbol, "size": 7, "opacity": 0.85,
                "line": {"width": 0}},
        meta={"sheet": sheet.name, **_shown(sheet, tiles),
              "said": clean(group.label) or "no label",
              "of": f"{clean(info.cell)}, seed {info.seed}, trial {clean(info.trial_id)}"},
    )  # fmt: skip


def _shown(sheet: TileSheet | TextList, tiles: Sequence[int]) -> dict[str, list]:
    """What the page's script needs to show a point: where tiles are on the sheet, or the texts of these points."""
    if isinstance(sheet, TextList):
        return {"texts": [sheet.texts[tile] for tile in tiles]}
    return {"size": [sheet.across, sheet.lines, sheet.width, sheet.height]}
