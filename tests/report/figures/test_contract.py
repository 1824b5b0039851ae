"""What holds for every figure plug-in, tried on the export of one experiment that was run.

`stored/` is `probeline report` of `stored/digits_tuned.yaml`: SimCLR, rotation and random features on digits, tuned.
"""

import json
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from probeline.core.figure import NothingToDraw
from probeline.experiment.load import load
from probeline.plugins import catalog
from probeline.report.formats.charts import figure_plugin
from probeline.report.formats.contents import figure_defaults, shape_of
from probeline.report.results import stored
from probeline.report.results.results import Results

STORED = Path(__file__).parent / "stored"
NAMES = catalog.names("figures")
NEEDED = {
    "metric_bars": {"groups": {"linear probe": "linear_probe/top1", "classes": {"0": "linear_probe/top1/0"}}},
    "composition_heatmap": {"rows": "method", "columns": "training.batch_size"},
}
"""What a figure cannot do without, where it has a field that has no default or grid of its own."""

BY_CELL = {
    "accuracy_against_parameters", "composition_heatmap", "cost", "metric_against_axis", "metric_bars",
    "metric_by_cell", "metrics_against_axis", "tuned_bars",
}  # fmt: skip
"""Figures that show every cell's own result: one without a result is drawn as missing."""

PAIRED, BY_CURVE, OF_MANY_RUNS = {"paired_differences"}, {"det_curve", "loss_benchmark"}, {"performance_profile"}
WITHOUT_TRIALS = {"gradient_weights"}


@pytest.fixture(scope="module")
def results():
    """The stored results; digits have no pairs, so rates of verification and of layers are its mistakes."""
    read = stored.read(STORED)
    mistakes = 1 - read.trials["linear_probe/top1"]
    rates = {"verification/fnmr/1pct": mistakes, "verification/fnmr/10pct": mistakes / 2}
    layers = {f"unit_quality/layer_{layer}/pnmi": mistakes / (1 + layer) for layer in range(3)}
    return Results(read.trials.assign(**rates, **layers), read.history)


def config(name, results):
    """The figure's parameters as the page fills them in."""
    experiment = load(STORED / "digits_tuned.yaml")
    settings = catalog.settings("figures", {"name": name, **NEEDED.get(name, {})})
    given = figure_defaults(experiment, shape_of(experiment, results), "linear_probe/top1")
    unset = {key: value for key, value in given.items() if getattr(settings, key, "") is None}
    return settings.model_copy(update=unset)


def prepared(name, results):
    return figure_plugin(name).prepare(results, config(name, results))


def drawn(name, results):
    return figure_plugin(name).draw(prepared(name, results))


def words(figure):
    """All texts of a figure that a reader can see or point at."""
    whole = json.loads(figure.to_json())
    texts = [trace.get(key) for trace in whole["data"] for key in ("hovertext", "text", "hovertemplate", "name")]
    return json.dumps(texts, ensure_ascii=False)


def without(results, cell):
    """The results where no trial of a cell has finished."""
    trials = results.trials.copy()
    rows = trials["cell"] == cell
    trials.loc[rows, ["status", "failure"]] = ["failed", "diverged"]
    trials.loc[rows, [name for name in trials if "/" in name]] = np.nan
    return Results(trials, results.history)


@pytest.mark.parametrize("name", NAMES)
def test_it_hands_a_frozen_dataclass_of_its_own_to_draw_and_changes_no_results(name, results):
    before = results.trials.copy()
    info = prepared(name, results)
    assert is_dataclass(info) and type(info).__dataclass_params__.frozen and fields(info)
    assert type(info).__module__ == figure_plugin(name).__name__
    figure = figure_plugin(name).draw(info)
    assert isinstance(figure, go.Figure) and figure.data
    assert figure == figure_plugin(name).draw(info), "drawing changes nothing of what it draws"
    pd.testing.assert_frame_equal(results.trials, before)


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_title_a_caption_and_axes_with_titles(name, results):
    figure = drawn(name, results)
    meta = figure.layout.meta
    assert meta["title"] and meta["caption"].endswith(".")
    panels = [note.text for note in figure.layout.annotations if "domain" in str(note.xref)]
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        hidden = axis.showticklabels is False
        names_what_is_drawn = axis.ticktext and not all(re.fullmatch(r"[\d.,kM%]+", text) for text in axis.ticktext)
        assert axis.title.text or hidden or names_what_is_drawn or panels, f"{axis.plotly_name} has no title"


@pytest.mark.parametrize("name", sorted({*BY_CELL, *OF_MANY_RUNS} - {"composition_heatmap"}))
def test_its_values_have_their_unit(name, results):
    figure = drawn(name, results)
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    texts = [figure.layout.meta["title"], *(note.text for note in figure.layout.annotations)]
    texts += [str(axis.title.text) for axis in axes] + [str(axis.ticksuffix) for axis in axes]
    texts += [str(axis.tickformat) for axis in axes]
    assert any("%" in text or re.search(", (s|MiB)(<|$)", text) for text in texts)


@pytest.mark.parametrize("name", sorted({*BY_CELL, *PAIRED, *BY_CURVE}))
def test_every_number_has_its_n_interval_and_trial_ids(name, results):
    texts = words(drawn(name, results))
    assert re.search(r"95% interval|no interval|depends on no seed", texts)
    assert re.search(r"\d (paired )?seeds?", texts)
    shown = set(re.findall(r"[0-9a-f]{16}", texts))
    finished = results.trials[results.trials["status"] == "finished"]
    assert shown and shown <= set(finished["trial_id"])
    assert name == "tuned_bars" or len(shown) >= len(finished) - 2, "tuned bars show the chosen cells"


@pytest.mark.parametrize("name", sorted(BY_CELL))
def test_a_cell_without_a_result_is_drawn_as_missing(name, results):
    less = without(results, "simclr batch_size=32")
    less = without(less, "simclr batch_size=64") if name == "tuned_bars" else less  # else the other cell is chosen
    whole, less = drawn(name, results), drawn(name, less)
    marks = [str(trace.marker.symbol) for trace in less.data if trace.type == "scatter"]
    texts = words(less)
    if name == "accuracy_against_parameters":  # what has no count of parameters has no position
        assert len(words(whole)) > len(texts) and "simclr batch_size=32" not in texts
    else:
        assert any(mark.endswith("-open") for mark in marks) or "—" in texts
    assert not re.search(r"\bnan\b", json.dumps(json.loads(less.to_json())["data"]))


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_is_enough_and_has_no_interval(name, results):
    one = Results(results.trials[results.trials["seed"] == results.trials["seed"].min()], results.history)
    figure = drawn(name, one)
    assert figure.data and "fill" not in {trace.fill for trace in figure.data if trace.type == "scatter"}
    if name in BY_CELL | PAIRED:
        assert re.search(r"no interval|depends on no seed", words(figure))
        assert "95% interval" not in words(figure) or "raw_pixels" in words(figure)


@pytest.mark.parametrize("name", sorted({*NAMES} - WITHOUT_TRIALS))
def test_an_experiment_without_what_it_draws_says_so_in_one_sentence(name, results):
    planned = results.trials.drop(columns=[each for each in results.trials if "/" in each or each == "tuned"])
    nothing = Results(planned.assign(status="missing"))
    with pytest.raises(NothingToDraw) as caught:
        prepared(name, nothing)
    assert re.fullmatch(r"[A-Z][^\n]*\.", str(caught.value))
