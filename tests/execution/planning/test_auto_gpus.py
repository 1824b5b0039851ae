"""`resources.gpus: auto`: a card where there is one, shared by as many trials as its memory holds."""

import pytest
from helpers.recipes import recipe_of
from probeline.execution.planning import auto_gpus
from probeline.execution.planning.auto_gpus import Cards, cards_elsewhere, chosen_gpus
from probeline.experiment.resources import Resources
from probeline.experiment.trial import Cell, Trial
from probeline.tracking.reading.costs import Cost, shape

GIB = 2**30
H100 = "NVIDIA H100"


def cards(count: int = 1, gib: float | None = 80) -> Cards:
    return Cards([H100] * count, lambda: None if gib is None else gib * GIB)


def unasked() -> float | None:
    raise AssertionError("the memory of a trial decides nothing here")


def test_without_a_card_a_trial_trains_on_the_cpu_and_nothing_is_said():
    resources, note = chosen_gpus(Resources(), cards(0), unasked)
    assert (resources.each["GPU"], note) == (0, None)


def test_a_number_that_is_written_stays():
    for gpus in (0, 0.5, 1):
        assert chosen_gpus(Resources(gpus=gpus), cards(), unasked) == (Resources(gpus=gpus), None)
    assert chosen_gpus(Resources(gpus_per_worker=0), cards(), unasked)[0].each["GPU"] == 0


def test_until_a_trials_memory_is_known_each_has_a_card():
    for there, peak in ((cards(), None), (cards(gib=None), GIB), (cards_elsewhere(8), GIB)):
        resources, note = chosen_gpus(Resources(), there, lambda peak=peak: peak)
        assert resources.each["GPU"] == 1 and "until one has told its memory" in note


@pytest.mark.parametrize(("gib", "share"), [(4, 0.0769), (20, 0.5), (50, 1), (100, 1), (0.01, 0.0625)])
def test_a_card_is_shared_by_as_many_trials_as_its_memory_holds(gib, share):
    resources, note = chosen_gpus(Resources(), cards(), lambda: gib * GIB)
    assert resources.each["GPU"] == pytest.approx(share)
    assert f"{gib:.2g} GiB" in note


def test_several_workers_have_a_card_each_or_none():
    assert chosen_gpus(Resources(workers=2), cards(2), unasked)[0].each["GPU"] == 1
    resources, note = chosen_gpus(Resources(workers=4), cards(2), unasked)
    assert resources.each["GPU"] == 0 and "4 workers need a card each" in note


def test_the_largest_kind_of_trial_decides_and_an_unknown_kind_may_be_the_largest(monkeypatch):
    def trial(batch_size: int) -> Trial:
        recipe = recipe_of({"training": {"batch_size": batch_size}})
        return Trial(f"{batch_size:016x}", f"{batch_size:016x}", Cell({}, None, recipe, "a"), 0)

    def cost(batch_size: int, gpus: float, gib: float, device: str = H100) -> Cost:
        return Cost(shape(trial(batch_size), Resources(gpus=gpus)), device, peak_memory_bytes=gib * GIB)

    recorded = [cost(64, 1, 2), cost(64, 0.25, 3), cost(128, 0.5, 7), cost(256, 1, 50, "a CPU")]
    monkeypatch.setattr(auto_gpus, "costs", lambda uri: recorded)
    peak = lambda *sizes: auto_gpus.peak_of([trial(size) for size in sizes], Resources(), "uri", [H100])  # noqa: E731
    assert peak(64) == 3 * GIB
    assert peak(64, 128) == 7 * GIB
    assert peak(64, 256) is None
