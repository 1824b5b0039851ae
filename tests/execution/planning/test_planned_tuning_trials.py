"""What studies will cost, before they have asked for anything; and a budget that holds them."""

import io

import pytest
from helpers.history import remember
from probeline.execution.planning import forecast, planned_tuning_trials
from probeline.execution.planning.plan import make
from probeline.execution.progress import ProgressDisplay
from probeline.execution.ray.scheduler import Budget
from probeline.execution.run import RunEnvironment, run
from probeline.experiment.load import load
from probeline.tracking.writing.experiments import describe
from rich.console import Console

TUNE = """
tune:
  space:
    training.lr: {log_uniform: [0.01, 1.0]}
    training.optimizer: {choice: [sgd, adamw]}
    encoder.width: {int: [4, 8]}
  if: {method: [simclr, rotation]}
  trials: 3
  seeds: 2
"""


@pytest.fixture
def tuned(spec):
    spec.write_text(spec.read_text() + TUNE)
    return spec


def test_one_seed_of_what_is_known_comes_first_then_studies_in_turn_then_seed_by_seed(tuned, uri):
    todo = planned_tuning_trials.trials(make(load(tuned), uri))
    said = [(trial.cell.label, trial.seed if trial.judged_on == "test" else "tuning") for trial in todo]
    in_turn = [("simclr", "tuning"), ("rotation", "tuning")] * 6
    reported = [("simclr", 0), ("rotation", 0), ("raw_pixels", 1), ("simclr", 1), ("rotation", 1)]
    assert said[0] == ("raw_pixels", 0) and said[1:13] == in_turn
    assert said[13:15] == reported[:2] and sorted(said[15:]) == sorted(reported[2:])
    assert len({trial.id for trial in todo}) == len(todo) == len({trial.encoder_id for trial in todo})


def test_points_take_choices_in_turn_and_ranges_at_their_middle(tuned, uri):
    study = make(load(tuned), uri).studies[0]
    points = [planned_tuning_trials.values(study.tune.space, number) for number in range(3)]
    assert [point["training.optimizer"] for point in points] == ["sgd", "adamw", "sgd"]
    assert points[0]["training.lr"] == pytest.approx(0.1) and points[0]["encoder.width"] == 6


def test_studies_and_winners_are_priced_and_what_was_never_measured_is_unknown(tuned, uri, tmp_path):
    plain = tuned.read_text().replace(TUNE, "").replace("width: 4", "width: 6")
    (tmp_path / "plain.yaml").write_text(plain)
    remember(uri, tmp_path, make(load(tmp_path / "plain.yaml", sets=["seeds=[7]"]), uri), 0.01, 5.0, seeds=(7,))
    plan = make(load(tuned), uri)
    found, _ = forecast.make(plan, uri, tmp_path, "1", Budget())
    by_part = {}
    for trial, price in zip(planned_tuning_trials.trials(plan), found.prices, strict=True):
        by_part.setdefault((trial.judged_on, trial.cell.label), []).append(price)
    images = 2 * (200 // 64) * 64
    assert len(by_part["validation", "simclr"]) == 6 and len(by_part["test", "simclr"]) == 2
    for price in by_part["validation", "simclr"]:  # the probe alone, on the validation part, was never measured
        assert price.left_out == "evaluation" and price.seconds == pytest.approx(0.01 * images, abs=0.5)
    assert all(price.complete and price.seconds > 5 for price in by_part["test", "rotation"])
    assert "12 x evaluation" in forecast.text(found, plan)


def test_a_budget_holds_tuning_trials_and_names_those_it_leaves(tuned, uri, tmp_path):
    plan = make(load(tuned), uri)
    found, _ = forecast.make(plan, uri, tmp_path, "1", Budget(max_trials=5))
    assert [trial.cell.label for trial in found.planned(plan)] == ["raw_pixels"]
    assert found.held(Budget(max_hours=1)) == Budget(max_hours=1, max_trials=5)
    left = "\n".join(forecast.left_text(found))
    assert "the budget holds 5 of 18" in left
    assert "simclr: 4 tuning trials" in left and "rotation: 4 tuning trials" in left and "simclr seed=1" in left
    said = forecast.as_dict(found)
    assert said["tuning_trials"] == {"fit": {"simclr": 2, "rotation": 2}, "left": {"simclr": 4, "rotation": 4}}


@pytest.mark.slow
def test_a_run_holds_its_budget_over_studies_and_the_next_plan_counts_what_they_have_tried(tuned, uri):
    text = tuned.read_text().replace("  if: {method: [simclr, rotation]}", "  if: {method: simclr}")
    tuned.write_text(text.replace("  seeds: 2", "  seeds: 1").replace("seeds: 2", "seeds: 1"))
    folder = tuned.parent / ".probeline"

    def once(budget):
        plan = make(load(tuned), uri)
        found, _ = forecast.make(plan, uri, folder, "2", budget)
        watch = ProgressDisplay(found.fits, 0, Console(file=io.StringIO()))
        info = describe(plan.experiment, "", {})
        return run(plan, info, RunEnvironment(folder, uri), watch, found.held(budget), found.planned(plan))

    outcome = once(Budget(max_trials=4))
    assert len(outcome.finished) == 4 and outcome.exit_code == 0  # rotation, raw_pixels, and two to tune
    after = make(load(tuned), uri)
    assert after.progress[after.studies[0].id].tried == 2
    assert [trial.judged_on for trial in planned_tuning_trials.trials(after)] == ["validation", "test"]
    assert len(once(Budget()).finished) == 2 and not planned_tuning_trials.trials(make(load(tuned), uri))
