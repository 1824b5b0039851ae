"""How hard each loss pulls and pushes: gradient weights drawn from the formulas (SimCLR, table 2). Needs no trial."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from pydantic import Field

from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._panels import axis, key, panels

POSITIVE, NEGATIVE = "positive", "negative"


class Config(Settings):
    """Of l2-normalised u, v+ and v-. What a curve does not vary stands at `similarity`."""

    temperature: float = Field(0.5, gt=0, description="Of NT-Xent and NT-Logistic.")
    margin: float = Field(0.4, ge=0, description="Of the margin triplet loss.")
    negatives: int = Field(16, ge=1, description="Of NT-Xent; all but the one varied stand at `similarity`.")
    similarity: float = Field(0.3, ge=-1, le=1, description="u.v of what a curve does not vary.")


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Columns loss, of (positive or negative), similarity in [-1, 1], weight: that of v+ or v- in the gradient
    with respect to u, of the objective that is maximised (table 2), its sign left out.
    """
    s = np.linspace(-1, 1, 201)
    rows = [
        pd.DataFrame({"loss": loss, "of": of, "similarity": s, "weight": weights(loss, of, s, config)})
        for loss in ("NT-Xent", "NT-Logistic", "Margin triplet")
        for of in (POSITIVE, NEGATIVE)
    ]
    return pd.concat(rows, ignore_index=True)


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


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame: a panel for the positive, one for a negative."""
    caption = (
        f"Weight in the gradient of u, from the formulas, not from runs. Temperature {config.temperature:g}, margin "
        f"{config.margin:g}, {config.negatives} negatives; what is not varied has similarity {config.similarity:g}. "
        "NT-Xent weighs a negative by how hard it is beside the others; NT-Logistic looks at it alone; the margin "
        "loss weighs all inside the margin alike."
    )
    titles = ["pull of the positive", "push of a negative"]
    figure = panels(titles, [260, 260], "Gradient weights of the losses", caption)
    looks = _style.style(list(dict.fromkeys(frame["loss"])))
    for panel, of in enumerate((POSITIVE, NEGATIVE)):
        for mark, (loss, curve) in zip(
            ("solid", "dash", "dot"), frame[frame["of"] == of].groupby("loss", sort=False), strict=True
        ):
            figure.add_scatter(
                x=list(curve["similarity"]), y=list(curve["weight"]), mode="lines", name=loss, legendgroup=loss,
                showlegend=panel == 0, line={"color": looks[loss][0], "width": 2, "dash": mark},
                xaxis=axis("x", panel), yaxis=axis("y", panel),
                hovertemplate=f"{loss}<br>similarity %{{x:.2f}}: weight %{{y:.3f}}<extra></extra>",
            )  # fmt: skip
        figure.layout[key("x", panel)].update(title_text=f"similarity of u and v{'+' if panel == 0 else '−'}")
        figure.layout[key("y", panel)].update(rangemode="tozero")
    figure.update_layout(meta={**figure.layout.meta, "legend": True})
    return figure
