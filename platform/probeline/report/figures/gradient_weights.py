"""How hard each loss pulls and pushes: gradient weights drawn from the formulas (SimCLR, table 2). Needs no trial."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from pydantic import Field

from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._panels import axis, key, panels
from probeline.report.results.results import Results

POSITIVE, NEGATIVE = "positive", "negative"
LOSSES = ("NT-Xent", "NT-Logistic", "Margin triplet")
DASHES = ("solid", "dash", "dot")


class Config(Settings):
    """Of l2-normalised u, v+ and v-. What a curve does not vary stands at `similarity`."""

    temperature: float = Field(0.5, gt=0, description="Of NT-Xent and NT-Logistic.")
    margin: float = Field(0.4, ge=0, description="Of the margin triplet loss.")
    negatives: int = Field(16, ge=1, description="Of NT-Xent; all but the one varied stand at `similarity`.")
    similarity: float = Field(0.3, ge=-1, le=1, description="u.v of what a curve does not vary.")


@dataclass(frozen=True, eq=False)
class WeightCurve:
    """The weight of v+ or v- in the gradient with respect to u, of the objective that is maximised (table 2).

    `of`: positive or negative; `similarity` in [-1, 1] and `weight`, its sign left out: float64 [N].
    """

    loss: str
    of: str
    similarity: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class GradientWeights:
    """A curve a loss and pair, by the formulas with these settings."""

    settings: Config
    curves: tuple[WeightCurve, ...]


def prepare(results: Results, config: Config) -> GradientWeights:
    """The curves at 201 similarities."""
    s = np.linspace(-1, 1, 201)
    curves = (WeightCurve(loss, of, s, weights(loss, of, s, config)) for loss in LOSSES for of in (POSITIVE, NEGATIVE))
    return GradientWeights(config, tuple(curves))


def weights(loss: str, of: str, s: np.ndarray, config: Config) -> np.ndarray:
    """The weight of the varied pair at similarities s [N], by table 2 of the paper."""
    tau, rest = config.temperature, config.similarity
    if loss == "NT-Logistic":
        return _sigmoid(-s / tau) / tau if of == POSITIVE else _sigmoid(s / tau) / tau
    if loss == "Margin triplet":
        gap = s - rest if of == POSITIVE else rest - s
        return (gap < config.margin).astype(float)
    others = np.exp(rest / tau) * (config.negatives if of == POSITIVE else config.negatives - 1)
    varied = np.exp(s / tau)
    if of == POSITIVE:
        return (1 - varied / (varied + others)) / tau
    return varied / (varied + others + np.exp(rest / tau)) / tau  # the positive stands at `similarity` too


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def draw(info: GradientWeights) -> go.Figure:
    """A panel for the positive, one for a negative."""
    config = info.settings
    caption = (
        f"Weight in the gradient of u, from the formulas, not from runs. Temperature {config.temperature:g}, margin "
        f"{config.margin:g}, {config.negatives} negatives; what is not varied has similarity {config.similarity:g}. "
        "NT-Xent weighs a negative by how hard it is beside the others; NT-Logistic looks at it alone; the margin "
        "loss weighs all inside the margin alike."
    )
    titles = ["pull of the positive", "push of a negative"]
    figure = panels(titles, [260, 260], "Gradient weights of the losses", caption)
    looks, dashes = _style.style(LOSSES), dict(zip(LOSSES, DASHES, strict=True))
    for panel, of in enumerate((POSITIVE, NEGATIVE)):
        for curve in (curve for curve in info.curves if curve.of == of):
            loss = curve.loss
            figure.add_scatter(
                x=curve.similarity.tolist(), y=curve.weight.tolist(), mode="lines", name=loss, legendgroup=loss,
                showlegend=panel == 0, line={"color": looks[loss].colour, "width": 2, "dash": dashes[loss]},
                xaxis=axis("x", panel), yaxis=axis("y", panel),
                hovertemplate=f"{loss}<br>similarity %{{x:.2f}}: weight %{{y:.3f}}<extra></extra>",
            )  # fmt: skip
        figure.layout[key("x", panel)].update(title_text=f"similarity of u and v{'+' if panel == 0 else '−'}")
        figure.layout[key("y", panel)].update(rangemode="tozero")
    figure.update_layout(meta={**figure.layout.meta, "legend": True})
    return figure
