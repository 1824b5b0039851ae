"""What stands on the page while a run is going on, and where a figure cannot be drawn."""

import sys

import pytest
from probeline.report.formats import page
from probeline.report.formats.contents import contents
from probeline.report.results.results import Results

BROKEN = '''"""A figure that fails."""

from probeline.core.settings import Settings


class Config(Settings):
    """Nothing to set."""


def prepare(results, config):
    return max([])


def draw(info):
    """Never reached."""
'''


def running(make, rows):
    """Trials that have trained, and whose evaluation has not ended."""
    trials = make.trials()
    evaluated = [name for name in trials.columns if name.startswith(("linear_probe/", "knn/"))]
    trials.loc[rows, "status"] = "running"
    trials.loc[rows, evaluated] = float("nan")
    return trials


def messages(made):
    return [chart.message for part in made.sections for chart in part.charts]


def test_a_metric_that_only_running_trials_have_recorded_is_not_named(make):
    trials = running(make, slice(None))
    assert trials["cost/train_seconds"].notna().any()
    assert Results(trials).metrics == ()


@pytest.mark.parametrize("rows", [slice(None), slice(0, 8), slice(3, None)])
def test_a_page_is_made_while_trials_run(make, rows, tmp_path):
    trials = running(make, rows)
    figures = ["metric_against_axis", "metric_by_cell", "cost", "training_curves", "paired_differences"]
    experiment = make.experiment(figures=figures, baseline="random_init")
    made = contents(experiment, Results(trials, make.history(trials)))
    assert not [message for message in messages(made) if "failed:" in message]
    assert page.write(experiment, Results(trials, make.history(trials)), tmp_path)


def test_a_figure_that_fails_is_a_note_in_its_place(make, tmp_path, monkeypatch):
    (tmp_path / "our_figures").mkdir()
    (tmp_path / "our_figures" / "broken.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(tmp_path)
    trials = make.trials()
    made = contents(make.experiment(figures=["our_figures.broken", "cost"]), Results(trials, make.history(trials)))
    assert any(
        message.startswith("The figure our_figures.broken failed: ValueError: max()") for message in messages(made)
    )
    assert any(chart.name == "cost" and chart.figure for part in made.sections for chart in part.charts)
    sys.modules.pop("our_figures.broken", None)
