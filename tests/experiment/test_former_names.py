"""An experiment with former names of protocols and figures: recipes, ids and report are those of today's names."""

from collections import defaultdict
from typing import Any

import pytest
from probeline.experiment.grid import cells
from probeline.experiment.identity import trials
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError
from probeline.experiment.schema import Experiment
from probeline.experiment.tuned import study_id

TEXT = """
name: former
base:
  data: digits
  encoder: {name: resnet, width: 4}
  method: simclr
  evaluation: [knn, {name: PROBE, samples: 20}, {name: COST, batch_sizes: [8]}]
grid:
  evaluation.COST.batch_sizes: [[8], [16]]
when:
  - {if: {evaluation.PROBE.samples: 20}, set: {training.lr: 0.5}}
scales:
  smoke: {set: {evaluation.PROBE.samples: 10}}
report:
  metric: PROBE/rotation/h
  figures:
    - COST
    - {name: metric_bars, groups: {rotation: {h: PROBE/rotation/h, z: PROBE/rotation/z}}}
"""
FORMER = TEXT.replace("PROBE", "kept_information").replace("COST", "loss_cost")
TODAY = TEXT.replace("PROBE", "transformation_probe").replace("COST", "loss_benchmark")


def ids(experiment: Experiment) -> list[str]:
    planned, _ = trials(cells(experiment), experiment.seeds, defaultdict(lambda: "d1"))
    return [trial.id for trial in planned]


@pytest.mark.parametrize("options", [{}, {"scale": "smoke"}])
def test_recipes_ids_and_report_are_the_same(options: dict[str, Any]) -> None:
    former, today = load_text(FORMER, "former.yaml", **options), load_text(TODAY, "today.yaml", **options)
    assert [cell.recipe for cell in cells(former)] == [cell.recipe for cell in cells(today)]
    assert ids(former) == ids(today)
    assert former.report == today.report
    assert former.report.metric == "transformation_probe/rotation/h"
    assert {cell.recipe.training.lr for cell in cells(former)} == ({0.5} if not options else {0.05})


def test_an_override_may_have_either_name_whatever_the_file_has() -> None:
    recipes = []
    for text in (FORMER, TODAY):
        for name in ("kept_information", "transformation_probe"):
            experiment = load_text(text, "any.yaml", sets=[f"evaluation.{name}.samples=7"])
            recipes += [
                cell.recipe.protocol("transformation_probe").parameters["samples"] for cell in cells(experiment)
            ]
    assert set(recipes) == {7}


def test_both_names_of_one_protocol_are_refused() -> None:
    text = TEXT.replace("{name: COST", "PROBE, {name: COST").replace("COST", "loss_cost")
    text = text.replace("PROBE", "kept_information", 1).replace("PROBE", "transformation_probe")
    with pytest.raises(SpecError, match="'transformation_probe' is given twice"):
        load_text(text, "twice.yaml")


def test_a_study_keeps_its_id() -> None:
    tune = "tune: {space: {training.lr: {choice: [0.1, 0.2]}}, metric: PROBE/validation_top1, direction: maximize}\n"
    text = TEXT + tune
    studies = []
    for name in ("kept_information", "transformation_probe"):
        experiment = load_text(text.replace("PROBE", name).replace("COST", "loss_cost"), "tuned.yaml")
        assert experiment.tune is not None and experiment.tune.protocol == "transformation_probe"
        studies.append(study_id(experiment.tune, cells(experiment)[0], defaultdict(lambda: "d1")))
    assert studies[0] == studies[1]
