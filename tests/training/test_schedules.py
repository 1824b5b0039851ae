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


def test_of_one_rate_at_4096_come_the_papers_two_rules():
    for batch in (256, 1024, 8192):
        rates = [
            peak_rate(training(lr=4.8, lr_batch_size=4096, batch_size=batch, scaling=s)) for s in ("linear", "sqrt")
        ]
        assert rates == pytest.approx([0.3 * batch / 256, 0.075 * math.sqrt(batch)])


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


def test_without_the_decay_the_rate_stays_at_its_peak_after_the_warm_up():
    schedule = Schedule.of(training(lr=1.0, warmup_epochs=2), steps_per_epoch=5)
    assert [schedule.undecayed(step) for step in range(10)] == [schedule(step) for step in range(10)]
    assert {schedule.undecayed(step) for step in range(10, 50)} == {1.0}


def simclrs_rate(step, samples, batch, epochs, warmup_epochs):
    """The share of the peak rate by the schedule of the authors' code, whose steps count from 0."""
    warmup, total = round(warmup_epochs * samples // batch), samples * epochs // batch + 1
    if step < warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1, (step - warmup) / (total - warmup))))


@pytest.mark.parametrize("batch", [256, 4096, 8192])
def test_on_imagenet_no_steps_rate_is_three_thousandths_of_the_peak_away_from_simclrs_code(batch):
    images = 1_281_167
    ours = Schedule.of(training(epochs=100, lr=1.0, warmup_epochs=10), steps_per_epoch=images // batch)
    steps = range(0, ours.total, max(1, ours.total // 5000))
    assert max(abs(ours(step) - simclrs_rate(step, images, batch, 100, 10)) for step in steps) < 0.003


def test_a_constant_rate_stays():
    schedule = Schedule.of(training(lr=0.2, schedule="constant"), steps_per_epoch=3)
    assert {schedule(step) for step in range(30)} == {0.2}


def test_a_warm_up_longer_than_the_training_never_reaches_the_peak():
    schedule = Schedule.of(training(lr=1.0, warmup_epochs=20), steps_per_epoch=1)
    assert max(schedule(step) for step in range(10)) == 0.5
