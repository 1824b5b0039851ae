"""The feed: order, retries by kind, budget; a clock of our own in place of waiting."""

from dataclasses import replace

from helpers.trial_events import arm, trial
from probeline.execution.ray.retry_policy import RULES
from probeline.execution.ray.scheduler import Budget, Scheduler
from probeline.experiment.trial import Teacher, Trial


class Clock:
    """Seconds as a test says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def feed(count: int = 4, gpus: float = 0.0, **budget) -> tuple[Scheduler, Clock, list]:
    trials, clock = [trial(number) for number in range(1, count + 1)], Clock()
    return Scheduler(trials, Budget(**budget), gpus, clock=clock), clock, trials


def test_trials_come_in_order_and_the_end_comes_when_none_runs():
    fed, _, trials = feed(2)
    assert [fed.next(), fed.next(), fed.next()] == [*trials, None]
    fed.finished(trials[0])
    assert not fed.exhausted
    fed.finished(trials[1])
    assert fed.exhausted


def test_a_lost_worker_is_tried_three_times_more_and_next_in_line():
    fed, _, trials = feed(2)
    for _ in range(RULES["lost_worker"].retries):
        assert fed.next() is trials[0]
        assert fed.failed(trials[0], "lost_worker")
    assert fed.next() is trials[0]
    assert not fed.failed(trials[0], "lost_worker")
    assert fed.next() is trials[1]


def test_being_preempted_uses_up_no_retry():
    fed, _, trials = feed(1)
    for _ in range(20):
        fed.next()
        assert fed.failed(trials[0], "preempted")
    for _ in range(3):
        fed.next()
        assert fed.failed(trials[0], "lost_worker")
    fed.next()
    assert not fed.failed(trials[0], "lost_worker")


def test_what_a_plug_in_raises_is_not_tried_again_whatever_its_kind():
    for kind in ("error", "user_error", "diverged", "out_of_memory", "my_own_kind"):
        fed, _, trials = feed(1)
        fed.next()
        assert not fed.failed(trials[0], kind)


def test_no_more_trials_start_than_the_budget_has_but_a_lost_one_starts_again():
    fed, _, trials = feed(4, max_trials=2)
    assert [fed.next(), fed.next(), fed.next()] == [trials[0], trials[1], None]
    fed.failed(trials[1], "lost_worker")
    assert fed.next() is trials[1]
    fed.finished(trials[0])
    fed.finished(trials[1])
    assert fed.next() is None
    assert fed.exhausted
    assert fed.not_started == trials[2:]
    assert not fed.over  # nothing that runs was to be stopped


def test_the_clock_ends_a_run():
    fed, clock, trials = feed(4, max_hours=1)
    fed.next()
    clock.now = 3599
    assert not fed.over
    clock.now = 3600
    assert fed.over
    assert fed.next() is None
    assert fed.not_started == trials[1:]


def test_gpu_hours_count_what_has_run_and_what_runs_by_its_share():
    fed, clock, trials = feed(4, gpus=0.5, max_gpu_hours=1)
    fed.next()
    fed.placed(trials[0])
    clock.now = 3600
    fed.finished(trials[0])  # half a GPU hour
    fed.next()
    fed.placed(trials[1])
    clock.now = 7100
    assert not fed.over
    clock.now = 7200
    assert fed.over


def test_without_gpus_their_hours_are_no_limit():
    fed, clock, _ = feed(1, max_gpu_hours=0.1)
    fed.next()
    clock.now = 1e6
    assert not fed.over


def test_a_trial_waits_until_the_encoder_that_it_learns_from_is_trained_or_has_failed():
    first, second, third = (trial(number) for number in range(1, 4))
    second = replace(second, teacher=Teacher(first.encoder_id, "cell '1', seed 1"))
    for end in (lambda fed: fed.finished(first), lambda fed: fed.failed(first, "diverged")):
        fed = Scheduler([first, second, third], Budget())
        assert [fed.next(), fed.next(), fed.next()] == [first, third, None]
        assert not fed.exhausted
        end(fed)
        assert fed.next() is second
    alone = Scheduler([second], Budget())
    assert alone.next() is second


def test_a_trial_whose_encoder_is_in_training_lets_others_go_first_and_is_not_held_back():
    first, second, third = (trial(number) for number in range(1, 4))
    second = replace(second, encoder_id=first.encoder_id)
    fed = Scheduler([first, second, third], Budget())
    assert [fed.next(), fed.next(), fed.next()] == [first, third, second]
    fed = Scheduler([first, second, third], Budget())
    assert fed.next() is first
    fed.finished(first)
    assert [fed.next(), fed.next()] == [second, third]


def test_a_later_seed_begins_with_the_cells_that_took_longest_and_a_budget_keeps_the_plans_order():
    def seeds(*numbers: int) -> list[Trial]:
        return [
            replace(arm(3 * seed + cell, label), seed=seed)
            for seed in numbers
            for cell, label in enumerate(("short", "long", "unknown"), start=1)
        ]

    trials = seeds(0, 1)
    for budget, order in (
        (Budget(), ["unknown", "long", "short"]),
        (Budget(max_trials=6), ["short", "long", "unknown"]),
    ):
        clock = Clock()
        fed = Scheduler(trials, budget, clock=clock)
        for seconds, one in zip((10.0, 60.0), trials, strict=False):
            assert fed.next() is one
            clock.now += seconds
            fed.finished(one)
        assert fed.next() is trials[2]  # still running when the next seed begins
        assert [fed.next().cell.label for _ in range(3)] == order
