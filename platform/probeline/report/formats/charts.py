"""The charts of a page: each figure drawn, or a message in its place."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import plotly.graph_objects as go

from probeline.core.figure import Figure, NothingToDraw
from probeline.errors import UserError
from probeline.plugins import catalog
from probeline.report.results.results import Results

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chart:
    """A drawn figure, or in its place the message that says why there is none; `aside` opens on demand."""

    name: str
    figure: go.Figure | None
    message: str = ""
    aside: bool = False


def chart(component: dict[str, Any], results: Results, defaults: dict[str, Any]) -> Chart:
    """Draw one figure; `defaults`: what its component leaves out (see `figure_defaults`)."""
    name = component["name"]
    try:
        return Chart(name, draw_figure(component, results, defaults))
    except NothingToDraw as empty:
        return Chart(name, None, str(empty))
    except UserError:
        raise
    except Exception as error:  # whatever a figure plug-in raises: the rest of the page does not depend on it
        log.warning("figure %s failed", name, exc_info=True)
        reason = str(error).strip().partition("\n")[0][:200]
        return Chart(name, None, f"The figure {name} failed: {type(error).__name__}: {reason}".rstrip(": ") + ".")


def draw_figure(component: dict[str, Any], results: Results, defaults: dict[str, Any]) -> go.Figure:
    """One figure, or what its plug-in raises; `defaults` as of `chart`. Raises NothingToDraw, UserError."""
    settings = catalog.settings("figures", component)
    unset = {k: v for k, v in defaults.items() if k in type(settings).model_fields and getattr(settings, k) is None}
    settings = settings.model_copy(update=unset)
    plugin = figure_plugin(component["name"])
    return plugin.draw(plugin.prepare(results, settings))


def figure_plugin(name: str) -> Figure[Results, Any, Any]:
    """A figure plug-in, imported. Raises UnknownPlugin; ImportError where something it needs is not installed."""
    return cast(Figure[Results, Any, Any], catalog.module("figures", name))


def online_probes(results: Results, defaults: dict[str, Any]) -> list[Chart]:
    names = [name for name in results.history["name"].unique() if str(name).startswith("online_probe/")]
    charts = [chart({"name": "training_curves", "watched": name}, results, defaults) for name in names]
    return [Chart(each.name, each.figure, each.message, aside=True) for each in charts if each.figure]


def worth_showing(charts: Iterable[Chart]) -> tuple[Chart, ...]:
    """The charts of a section; messages repeat nothing that another has said."""
    worth, messages = [], set[str]()
    for each in charts:
        if each.figure is not None or each.message not in messages:
            worth.append(each)
            messages.add(each.message)
    return tuple(worth)
