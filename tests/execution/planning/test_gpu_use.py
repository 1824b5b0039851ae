"""What plan and doctor say of a machine's GPUs."""

from probeline.cli.doctor import resources_finding
from probeline.execution.planning.gpu_use import missing_gpus, unused_gpus
from probeline.experiment.resources import Resources

EIGHT = ["NVIDIA H100"] * 8


def test_gpus_that_a_spec_leaves_idle_are_said_with_the_option_that_uses_them():
    assert unused_gpus(Resources(gpus=0), EIGHT).startswith(
        "this machine has 8 GPUs (NVIDIA H100), the spec uses none; --set resources.gpus=auto"
    )
    assert unused_gpus(Resources(gpus=0), ["A", "B", "A"]).startswith("this machine has 3 GPUs (2 x A, 1 x B), ")
    assert unused_gpus(Resources(gpus=0.25), EIGHT) is None
    assert unused_gpus(Resources(), []) is None


def test_gpus_that_a_machine_lacks_are_counted_over_all_workers_of_a_trial():
    asked = Resources(workers=8, gpus_per_worker=1)
    assert missing_gpus(asked, EIGHT) is None
    assert missing_gpus(asked, EIGHT[:1]) == "a trial of the spec needs 8 GPU, this machine has 1 GPU (NVIDIA H100)"
    assert missing_gpus(Resources(gpus=0.5), []) == "a trial of the spec needs 0.5 GPU, this machine has no GPUs"


def test_the_doctor_finds_missing_gpus_wrong_and_idle_ones_worth_a_word():
    missing, idle, used = (
        resources_finding(*pair)
        for pair in ((Resources(gpus=1), []), (Resources(gpus=0), EIGHT), (Resources(gpus=0.5), EIGHT))
    )
    assert (missing.good, idle.good, used.good) == (False, True, True)
    assert "--set resources.gpus=0" in missing.remedy
    assert "the spec uses none" in str(idle)
    assert "a trial uses 0.5 GPU of 8 GPUs (NVIDIA H100)" in used.what
