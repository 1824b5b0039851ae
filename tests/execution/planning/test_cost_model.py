"""Prices by hand, and their intervals against simulation."""

import numpy as np
import pytest
from helpers.recipes import recipe_of
from probeline.execution.planning.cost_model import OVERHEAD, Price, Prices, Sample, ends, prices_of, total
from probeline.experiment.resources import Resources
from probeline.experiment.trial import Cell, Trial
from probeline.tracking.reading.costs import Cost, shape

CPU = Resources()


def trial(number: int = 1, method: str = "simclr", encoder_id: str | None = None, **training) -> Trial:
    sections = {
        "encoder": {"name": "resnet", "width": 4},
        "method": {"name": method, "temperature": 0.5},
        "training": {"batch_size": 64, "lr": 0.1, **training},
        "evaluation": {"knn": {"k": 5}},
    }
    return Trial(f"{number:016x}", encoder_id or f"{number:016x}", Cell({}, None, recipe_of(sections), method), number)


def cost(of: Trial, seconds_an_image: float, eval_seconds: float, device: str = "here") -> Cost:
    return Cost(shape(of, CPU), device, 1.0, 1 / seconds_an_image if seconds_an_image else None, eval_seconds)


def test_a_price_is_images_times_their_mean_time_and_the_mean_evaluation():
    known = Prices([cost(trial(), 0.01, 3.0), cost(trial(), 0.03, 5.0)], "here")
    price = known.price(shape(trial(2), CPU), 1000, trained=False)
    assert price.complete
    assert price.seconds == pytest.approx(1000 * 0.02 + 4.0 + OVERHEAD)


def test_an_encoder_that_is_there_costs_nothing_again_and_two_trials_of_one_encoder_train_once():
    known = Prices([cost(trial(), 0.01, 3.0)], "here")
    assert known.price(shape(trial(), CPU), 1000, trained=True).seconds == pytest.approx(3.0 + OVERHEAD)
    twins = [trial(1, encoder_id="e"), trial(2, encoder_id="e"), trial(3, encoder_id="ready")]
    seconds = [price.seconds for price in prices_of(twins, CPU, known, lambda _: 1000, {"ready"})]
    assert seconds == pytest.approx([13.0 + OVERHEAD, 3.0 + OVERHEAD, 3.0 + OVERHEAD])


def test_learning_rate_and_epochs_are_no_part_of_a_shape_but_batch_size_and_resources_are():
    assert shape(trial(lr=0.1, epochs=3), CPU) == shape(trial(lr=0.2, epochs=9), CPU)
    assert shape(trial(), CPU).alike != shape(trial(batch_size=128), CPU).alike
    assert shape(trial(), CPU).roughly == shape(trial(batch_size=128), CPU).roughly
    assert shape(trial(), CPU).roughly != shape(trial(method="rotation"), CPU).roughly
    assert shape(trial(), CPU).evaluation != shape(trial(), Resources(cpus=2)).evaluation


def test_what_was_never_measured_is_unknown_and_another_batch_size_is_a_rough_price():
    known = Prices([cost(trial(), 0.01, 3.0)], "here")
    other = known.price(shape(trial(batch_size=128), CPU), 100, trained=False)
    assert other.complete
    assert total([other]).rough
    assert known.price(shape(trial(method="rotation"), CPU), 100, trained=False).left_out == "training"
    nothing = Prices([], "here").price(shape(trial(), CPU), 100, trained=False)
    assert nothing.left_out == "training and evaluation"
    assert total([nothing, other]).unknown == 1


def test_a_method_that_does_not_train_costs_its_evaluation():
    none = Cost(shape(trial(method="random_init"), CPU), "here", 0.0, None, 2.0)
    price = Prices([none], "here").price(shape(trial(method="random_init"), CPU), 1000, trained=False)
    assert price.complete
    assert price.seconds == pytest.approx(2.0 + OVERHEAD)


def test_this_device_is_preferred_and_another_one_is_named():
    known = Prices([cost(trial(), 0.01, 1.0), cost(trial(), 0.05, 1.0, "there")], "here")
    assert known.price(shape(trial(), CPU), 100, trained=False).seconds == pytest.approx(2.0 + OVERHEAD)
    assert known.elsewhere == set()
    known = Prices([cost(trial(), 0.05, 1.0, "there")], "here")
    assert known.price(shape(trial(), CPU), 100, trained=False).seconds == pytest.approx(6.0 + OVERHEAD)
    assert known.elsewhere == {"there"}


def test_one_measurement_gives_a_price_without_an_interval():
    assert total([Price(((1.0, Sample.of([2.0])),))]).half_width is None
    assert total([Price(((1.0, Sample.of([2.0, 3.0])),))]).half_width > 0


def test_the_interval_of_a_sum_covers_what_it_says():
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        sample = Sample.of(random.normal(10, 2, 5).tolist())
        counts = [1.0, 2.0, 3.0]
        truth = sum(count * value for count, value in zip(counts, random.normal(10, 2, 3), strict=True))
        found = total([Price(((count, sample),)) for count in counts])
        covered += abs(truth - (found.seconds - 3 * OVERHEAD)) <= found.half_width
    assert 0.93 < covered / 2000 < 0.97


def test_trials_go_to_the_first_free_worker():
    assert ends([3, 1, 1, 1], 2) == [3, 1, 2, 3]
    assert ends([3, 1], 1) == [3, 4]
    assert ends([], 2) == []
