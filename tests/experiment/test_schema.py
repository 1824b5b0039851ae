"""The sections of an experiment refuse what makes no sense and say what would."""

import pytest
from probeline.experiment.resources import Resources
from probeline.experiment.schema import Experiment, Training, seed_list
from pydantic import ValidationError


@pytest.mark.parametrize(
    ("name", "better"),
    [("my demo", "my-demo"), ("a/b", "a-b"), ("../x", "x"), ("-x", "x"), ("é", "my-experiment"), ("", "my-experiment")],
)
def test_a_name_that_no_file_could_have_comes_with_one_that_could(name, better):
    with pytest.raises(ValidationError, match=f"try '{better}'"):
        Experiment(name=name)
    assert Experiment(name=better).name == better


@pytest.mark.parametrize(
    ("seeds", "meant"), [(3, (0, 1, 2)), ([5, 0], (5, 0)), ((1,), (1,)), ([2**32 - 1], (2**32 - 1,))]
)
def test_seeds_are_a_count_or_a_list(seeds, meant):
    assert seed_list(seeds) == meant


@pytest.mark.parametrize("seeds", [0, -1, 10_001, True, 1.0, "3", [], [1, 1], [-1], [2**32], [True], [0.5], None])
def test_other_seeds_are_refused(seeds):
    with pytest.raises(ValueError, match="allowed: a count from 1"):
        seed_list(seeds)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"epochs": -1}, {"batch_size": 1}, {"lr": -0.1}, {"lr": float("nan")}, {"momentum": 1}, {"weight_decay": -1}),
        *({"optimizer": "adam"}, {"scaling": "cubic"}, {"schedule": "step"}, {"warmup_epochs": -1}, {"epoch": 1}),
    ],
)
def test_training_refuses_what_cannot_train(wrong):
    with pytest.raises(ValidationError):
        Training(**wrong)


@pytest.mark.parametrize("gpus", [0, 0.25, 1])
def test_a_worker_has_no_gpu_a_share_of_one_or_one(gpus):
    assert Resources(gpus=gpus).gpus == gpus


@pytest.mark.parametrize("asked", [{"gpus": 8}, {"gpus_per_worker": 8}, {"gpus": 7.5}, {"workers": 8, "gpus": 2}])
def test_several_gpus_for_one_worker_are_refused_with_the_workers_to_ask_for(asked):
    with pytest.raises(ValidationError, match=r"allowed: at most 1, .* such as workers: 8, gpus_per_worker: 1"):
        Resources(**asked)


def test_what_a_trial_takes_is_what_its_workers_take():
    assert Resources().all == Resources().each == {"CPU": 1, "GPU": 0}
    shared = Resources(workers=4, gpus_per_worker=1, cpus=2)
    assert (shared.each, shared.all) == ({"CPU": 2, "GPU": 1}, {"CPU": 8, "GPU": 4})
    with pytest.raises(ValidationError, match=r"got 0.5; allowed with several workers: 0 or 1"):
        Resources(workers=2, gpus_per_worker=0.5)


def test_axes_are_listed_in_the_order_of_grid_zip_and_when():
    experiment = Experiment.model_validate(
        {
            "name": "x",
            "when": [{"if": {"a": 1}, "grid": {"method.c": [1]}}],
            "zip": [{"training.b": [1], "training.a": [2]}],
            "grid": {"training.lr": [1]},
        }
    )
    assert experiment.axes == ["training.lr", "training.b", "training.a", "method.c"]
    assert experiment.values_by_axis["training.a"] == [2]
    assert "nothing" not in experiment.values_by_axis


@pytest.mark.parametrize("micro_batch", [0, 65, -1, 1.5])
def test_a_micro_batch_beyond_the_batch_is_refused(micro_batch):
    with pytest.raises(ValidationError, match="micro_batch"):
        Training(batch_size=64, micro_batch=micro_batch)
    assert Training(batch_size=64, micro_batch=64).micro_batch == 64
