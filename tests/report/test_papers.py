"""The shipped experiments of papers: each loads at every scale, and its figures draw with the paper beside them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probeline.experiment.grid import cells as planned_cells
from probeline.experiment.load import load
from probeline.experiment.references import referred
from probeline.report.figures import metric_bars
from probeline.report.figures.composition_heatmap import apart
from probeline.report.formats.contents import contents
from probeline.report.results.published_matching import correspondence
from probeline.report.results.references import published
from probeline.report.results.results import Results

PAPERS = sorted((Path(__file__).parents[2] / "experiments" / "papers").glob("*.yaml"))
OVERLAID = [path for path in sorted(PAPERS[0].parents[1].rglob("*.yaml")) if "      published:" in path.read_text()]
TOP1 = "linear_probe/top1"
MATCHED = {  # published values beside cells of the smoke scale
    "simclr_fig5": 49, "simclr_fig9": 30, "simclr_table1": 10, "simclr_table4": 5, "simclr_table5": 6,
    "simclr_fig8": 7, "rotnet_table2": 4, "simclr_fig7": 6, "cpc_speech_table2": 5,
}  # fmt: skip


def asked_for(experiment):
    """Every metric that a figure of the experiment names."""
    found = {experiment.report.metric, "linear_probe/validation_top1", "cost/parameters", "cost/train_seconds"}
    for figure in experiment.report.figures:
        found |= set(figure.get("metrics", ())) | {figure.get("metric")}
        for group in figure.get("groups", {}).values():
            found |= set(group.values()) if isinstance(group, dict) else {group}
    first = planned_cells(experiment)[0].recipe
    sizes = first.protocol("loss_benchmark").parameters["batch_sizes"] if "loss_benchmark" in first.protocols else ()
    found |= {f"loss_benchmark/{size}/{what}" for size in sizes for what in ("seconds", "bytes")}
    found |= {f"verification/fnmr/{fmr}pct" for fmr in (0.1, 1, 10)} if "verification" in first.protocols else set()
    return sorted(found - {None})


def planned(experiment, make):
    """A frame of the plan with numbers for every metric that the figures ask for."""
    rng, rows = np.random.default_rng(0), []
    template = make.trials(seeds=1).iloc[0].to_dict()
    kept = {k: v for k, v in template.items() if "/" not in k and k not in ("method", "training.batch_size")}
    for cell in planned_cells(experiment):
        for seed in experiment.seeds:
            at = {axis: cell.coordinates.get(axis) for axis in experiment.axes}
            known = {
                "cell": cell.label,
                "arm": cell.arm,
                "seed": seed,
                "recipe": cell.recipe.as_dict(),
                "status": "finished",
            }
            numbers = dict.fromkeys(asked_for(experiment), 0.3 + 0.1 * rng.random())
            rows.append({**kept, **known, **at, **numbers, "trial_id": f"{len(rows):016x}"})
    return pd.DataFrame(rows).astype({"failure": object, "message": object, "arm": object})


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_it_loads_at_every_scale_and_says_what_it_expects(path):
    for scale in ("smoke", "lab", "paper"):
        experiment = load(path, scale)
        assert experiment.question.endswith("?") and experiment.expected and experiment.name == path.stem
        assert planned_cells(experiment)


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_its_figures_are_drawn_from_its_plan(path, make):
    experiment = load(path, "smoke")
    page = contents(experiment, Results(planned(experiment, make)))
    charts = [chart for part in page.sections for chart in part.charts]
    missing = {chart.name: chart.message for chart in charts if chart.figure is None}
    assert set(missing) <= {"training_curves"}, missing
    asked = [figure["name"] for figure in experiment.report.figures if figure["name"] != "training_curves"]
    assert sorted(chart.name for chart in charts if chart.figure and chart.name != "cost") == sorted(
        name for name in asked if name != "cost"
    )


@pytest.mark.parametrize("path", [p for p in PAPERS if p.stem in MATCHED], ids=lambda path: path.stem)
def test_the_papers_values_stand_beside_its_cells(path, make):
    experiment = load(path, "smoke")
    results = Results(planned(experiment, make))
    if path.stem == "simclr_fig5":
        results = apart(results, "method.augment_other")
    found = results.cells(TOP1, results.layout())
    beside = correspondence(referred(experiment.report.references), TOP1, found)
    assert len([match for match in beside.matches if match.cells]) == MATCHED[path.stem]


@pytest.mark.parametrize("path", OVERLAID, ids=lambda path: path.stem)
def test_every_published_value_that_a_figure_names_exists_and_stands_at_a_cell(path, make):
    for scale in (None, *load(path).scales):
        experiment = load(path, scale)
        results = Results(planned(experiment, make))
        for figure in experiment.report.figures:
            named = figure.get("published", {})
            if figure["name"] == "metric_by_layer":
                assert named.keys() <= {cell.label for cell in planned_cells(experiment)}
            elif named:
                settings = {key: value for key, value in figure.items() if key != "name"}
                bars = metric_bars.prepare(results, metric_bars.Config(**settings)).bars
                drawn = {(bar.group, bar.paper.id) for bar in bars if bar.paper}
                assert drawn == {(group, one) for group, of in named.items() for one in ids(of)}


def ids(of):
    """The published ids of a group of bars."""
    return list(of.values()) if isinstance(of, dict) else [of]


def test_every_published_id_that_a_layer_names_exists():
    for path in OVERLAID:
        for figure in load(path).report.figures:
            for of in figure.get("published", {}).values():
                assert all(len(published(one)) == 1 for one in ids(of))
