"""The seam with `spec`: an experiment as it is loaded, its cells as the planner labels them."""

from pathlib import Path

import pandas as pd
import pytest
from probeline.experiment.grid import cells
from probeline.experiment.load import load
from probeline.report.formats.contents import contents
from probeline.report.results.results import Results

QUICKSTART = Path(__file__).parents[2] / "experiments" / "quickstart.yaml"


def planned(experiment, trials):
    """A frame of the experiment's plan; its numbers are those of any finished rows."""
    rows = []
    for cell in cells(experiment):
        for seed in experiment.seeds:
            known = {"cell": cell.label, "arm": cell.arm, "seed": seed, "recipe": cell.recipe.as_dict()}
            axes = {axis: cell.coordinates.get(axis) for axis in experiment.axes}
            rows.append(
                {**trials.iloc[len(rows) % len(trials)].to_dict(), **known, **axes, "trial_id": f"{len(rows):016x}"}
            )
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("scale", "drawn"),
    [
        (None, ["metric_against_axis", "paired_differences", "training_curves", "training_curves", "cost"]),
        ("smoke", ["metric_by_cell", "paired_differences", "training_curves", "training_curves", "cost"]),
    ],
)
def test_the_quickstart_has_all_its_figures_at_every_scale(make, trials, scale, drawn):
    experiment = load(QUICKSTART, scale)
    frame = planned(experiment, trials)
    page = contents(experiment, Results(frame, make.history(frame)))
    assert [chart.name for part in page.sections for chart in part.charts if chart.figure] == drawn
    assert page.answer.baseline.title == "Against random_init" and len(page.answer.baseline.sentences) == 4
