import math

import pytest
from probeline.experiment.schema import Training
from probeline.training.schedules import Schedule, peak_rate


def training(**values):
    return Training.model_validate({"epochs": 10, **values})


def test_simclrs_linear_rule_gives_the_papers_rate_at_4096():
    assert peak_rate(training(lr=0.3, batch_size=4096, scaling="linear")) == pytest.approx(4.8)


def test_simclrs_square_root_rule_gives_the_same_rate_at_4096():
    # The paper writes 0.075 * sqrt(B), which is 1.2 * sqrt(B / 256).
    assert peak_rate(training(lr=1.2, batch_size=4096, scaling="sqrt")) == pytest.approx(0.075 * math.sqrt(4096))


def test_without_a_rule_the_batch_size_does_not_matter():
    assert peak_rate(training(lr=0.3, batch_size=4096)) == 0.3


def test_the_warm_up_rises_to_the_peak_and_the_cosine_falls_to_zero():
    schedule = Schedule.of(training(lr=1.0, warmup_epochs=2), steps_per_epoch=5)
    rates = [schedule(step) for step in range(50)]
    assert rates[:10] == pytest.approx([0.1 * (i + 1) for i in range(10)])
    assert rates[10] == pytest.approx(1.0)
    assert rates[30] == pytest.approx(0.5)
    assert 0 < rates[-1] < 0.01
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_a_constant_rate_stays():
    schedule = Schedule.of(training(lr=0.2, schedule="constant"), steps_per_epoch=3)
    assert {schedule(step) for step in range(30)} == {0.2}


def test_a_warm_up_longer_than_the_training_never_reaches_the_peak():
    schedule = Schedule.of(training(lr=1.0, warmup_epochs=20), steps_per_epoch=1)
    assert max(schedule(step) for step in range(10)) == 0.5
