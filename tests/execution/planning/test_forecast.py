"""Forecasts and budgets: first of made-up history in a real MLflow, then of a real run."""

import io
import json

import pytest
from helpers.history import remember
from probeline.errors import UserError
from probeline.execution.planning import forecast
from probeline.execution.planning.forecast import Cluster
from probeline.execution.planning.plan import make
from probeline.execution.progress import ProgressDisplay
from probeline.execution.ray.scheduler import Budget
from probeline.execution.run import RunEnvironment, run
from probeline.experiment.load import load
from probeline.experiment.resources import Resources
from probeline.tracking.reading.costs import costs, shape
from probeline.tracking.writing.experiments import describe
from probeline.tracking.writing.provenance import processor
from rich.console import Console

IMAGES = 2 * (200 // 64) * 64


def test_without_history_everything_is_unknown_and_the_plan_says_what_to_do(spec, uri, tmp_path):
    plan = make(load(spec), uri)
    found, said = forecast.make(plan, uri, tmp_path, "2", Budget())
    assert (len(found.fits), found.cost.unknown, said) == (6, 6, [])
    assert "price: unknown" in forecast.text(found, plan)
    assert "--measure" in forecast.text(found, plan)


def test_history_prices_a_plan_by_the_clock_of_the_cluster(spec, uri, tmp_path):
    remember(uri, tmp_path, make(load(spec), uri), 10.0 / IMAGES, 5.0)
    plan = make(load(spec), uri)
    assert len(plan.todo) == 3
    found, _ = forecast.make(plan, uri, tmp_path, "2", Budget())
    assert found.cost.seconds == pytest.approx(15 + 15 + 5, abs=1)
    assert found.clock == pytest.approx(20, abs=1)  # two at 15 s beside each other, then the one without training
    assert found.cost.unknown == 0
    one, _ = forecast.make(plan, uri, tmp_path, "1", Budget())
    assert one.clock == pytest.approx(35, abs=2)
    said = forecast.text(found, plan)
    assert "encoders: 3 to train, 0 ready" in said
    assert "price: about 36 s (one measurement each: no interval) of one worker" in said
    assert "with 2 at once" in said


@pytest.mark.parametrize(
    ("budget", "fits"),
    [(Budget(max_trials=4), 4), (Budget(max_hours=2.6), 2), (Budget(max_hours=1.4), 0), (Budget(max_hours=9), 6)],
)
def test_a_budget_takes_the_start_of_the_plans_order_and_names_the_rest(spec, uri, tmp_path, budget, fits):
    spec.write_text(spec.read_text().replace("raw_pixels: {method: random_init", "third: {method: supervised"))
    remembered = load(spec, sets=["seeds=[7]"])
    remember(uri, tmp_path, make(remembered, uri), 1.5 * 3600 / IMAGES, 0.0, seeds=(7,))  # 1.5 hours a trial
    plan = make(load(spec), uri)
    found, _ = forecast.make(plan, uri, tmp_path, "2", budget)
    assert found.fits == plan.trials[:fits]
    assert found.remaining == plan.trials[fits:]
    left = "\n".join(forecast.left_text(found))
    assert all(f"{trial.cell.label} seed={trial.seed}" in left for trial in found.remaining)


def test_gpu_hours_are_the_share_of_a_gpu_that_a_trial_takes(spec, uri):
    assert Cluster(64, 8).slots(Resources(cpus=4, gpus=0.5)) == 16
    assert Cluster(8, 8).slots(Resources(cpus=4, gpus=0.5)) == 2
    assert Cluster(2, 0).slots(Resources(gpus=1)) == 1


def test_a_trial_of_several_workers_takes_and_costs_what_they_all_take(spec, uri, tmp_path):
    shared = Resources(workers=4, gpus_per_worker=1, cpus_per_worker=2)
    assert shared.all == {"CPU": 8, "GPU": 4}
    assert Cluster(64, 8).slots(shared) == 2
    assert Cluster(16, 80).slots(shared) == 2
    with_gpus = ["resources.workers=4", "resources.gpus_per_worker=1"]
    plan, one = make(load(spec, sets=with_gpus), uri), make(load(spec), uri)
    assert [trial.id for trial in plan.trials] == [trial.id for trial in one.trials]
    found, said = forecast.make(plan, uri, tmp_path, "64,8", Budget(), measured=True)
    assert (found.gpus, found.slots) == (4, 2)
    assert said == ["not measured: a trial of several workers is priced by one that has finished"]
    assert shape(plan.trials[0], plan.experiment.resources) != shape(plan.trials[0], Resources(gpus=1))


@pytest.mark.parametrize("wrong", ["", "many", "0", "4,2,1", "-1"])
def test_a_cluster_that_cannot_be_is_refused(wrong):
    with pytest.raises(UserError, match=r"--cluster .*allowed: CPUS or CPUS,GPUS"):
        Cluster.parse(wrong)


def test_a_probe_of_one_batch_prices_training_and_stores_nothing(spec, uri, tmp_path):
    plan = make(load(spec, sets=["seeds=1"]), uri)
    before = sorted(tmp_path.rglob("*"))
    found, said = forecast.make(plan, uri, tmp_path, "1", Budget(), measured=True)
    assert [line.split(":")[0] for line in said] == ["measured simclr", "measured rotation", "measured raw_pixels"]
    assert found.cost.seconds > 0
    assert {price.left_out for price in found.prices} == {"evaluation"}
    assert sorted(tmp_path.rglob("*")) == before


def test_a_real_run_holds_its_budget_and_what_it_did_prices_the_rest(spec, uri):
    folder = spec.parent / ".probeline"
    plan = make(load(spec), uri)
    watch = ProgressDisplay(plan.todo, 0, Console(file=io.StringIO()))
    outcome = run(plan, describe(plan.experiment, "", {}), RunEnvironment(folder, uri), watch, Budget(max_trials=3))
    assert len(outcome.finished) == 3
    assert (outcome.not_started, outcome.interrupted, outcome.exit_code) == (3, set(), 0)
    assert "not started and left for the next run: 3 trials" in outcome.summary("tiny.yaml")
    again = make(load(spec), uri)
    assert [trial.seed for trial in again.todo] == [1, 1, 1]  # one seed of every cell came first
    assert {cost.device for cost in costs(uri)} == {processor()}
    found, _ = forecast.make(again, uri, folder, "2", Budget())
    assert found.cost.unknown == 0
    assert found.cost.half_width is None  # one measurement of each
    assert json.loads(json.dumps(forecast.as_dict(found)))["worker_seconds"]["mean"] > 0


@pytest.mark.slow
def test_the_clock_stops_a_run_in_the_middle_and_the_next_one_goes_on(spec, uri):
    plan = make(load(spec, sets=["training.epochs=2000", "seeds=1"]), uri)
    watch = ProgressDisplay(plan.todo, 0, Console(file=io.StringIO()))
    site = RunEnvironment(spec.parent / ".probeline", uri)
    outcome = run(plan, describe(plan.experiment, "", {}), site, watch, Budget(max_hours=90 / 3600))
    assert outcome.over
    assert outcome.interrupted
    assert outcome.exit_code == 0
    assert "The budget is used up" in outcome.summary("tiny.yaml")
    assert list((site.folder / "checkpoints").glob("*.safetensors"))
    states = make(plan.experiment, uri).counts()
    assert "unfinished" not in states  # nothing is left RUNNING
