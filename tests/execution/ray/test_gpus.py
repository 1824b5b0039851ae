"""Runs on GPUs that Ray counts and torch cannot use: what a machine with a broken driver is like."""

import io

import pytest
import ray
import torch
from probeline.execution.notifications import Notifier
from probeline.execution.planning.plan import make
from probeline.execution.progress import PlainProgress
from probeline.execution.ray.assigned_card import assigned_card
from probeline.execution.ray.engine import execute
from probeline.execution.ray.scheduler import NO_LIMIT, Scheduler
from probeline.execution.recorder import Recorder
from probeline.experiment.load import load
from probeline.tracking.writing.experiments import describe
from probeline.tracking.writing.writer import Writer
from rich.console import Console

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")


@pytest.fixture(scope="module")
def two_gpus():
    ray.init(
        address="local", num_cpus=4, num_gpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=2**27
    )
    yield
    ray.shutdown()


@ray.remote
class Worker:
    """A process with the share of a GPU that a test gives it."""

    def card(self) -> tuple[str, int]:
        return assigned_card()


@pytest.mark.slow
def test_each_worker_has_a_card_of_its_own_and_shares_of_one_are_on_one_card(two_gpus):
    whole = [Worker.options(num_cpus=0, num_gpus=1).remote() for _ in range(2)]
    assert sorted(card.split(" of ")[0] for card, _ in ray.get([each.card.remote() for each in whole])) == [
        "GPU 0",
        "GPU 1",
    ]
    assert [index for _, index in ray.get([each.card.remote() for each in whole])] == [0, 0]
    for each in whole:
        ray.kill(each)
    everything = {"env_vars": {"RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES": "1"}}
    told_apart = [Worker.options(num_cpus=0, num_gpus=1, runtime_env=everything).remote() for _ in range(2)]
    cards = dict(ray.get([each.card.remote() for each in told_apart]))
    assert sorted((card.split(" of ")[0], index) for card, index in cards.items()) == [("GPU 0", 0), ("GPU 1", 1)]
    for each in told_apart:
        ray.kill(each)
    shares = [Worker.options(num_cpus=0, num_gpus=0.5).remote() for _ in range(4)]
    names = [card for card, _ in ray.get([each.card.remote() for each in shares])]
    assert sorted(map(names.count, set(names))) == [2, 2]
    none = Worker.options(num_cpus=0).remote()
    assert ray.get(none.card.remote()) == ("", 0)
    for each in (*shares, none):
        ray.kill(each)


@pytest.mark.slow
def test_cards_that_fail_every_trial_are_set_aside_and_the_run_ends_when_none_is_left(two_gpus, spec, uri, tmp_path):
    plan = make(load(spec, sets=["resources.gpus=1", "seeds=4"]), uri)
    shown = io.StringIO()
    with Writer(uri, describe(plan.experiment, "", {}), tmp_path / "folder") as writer:
        display, scheduler = PlainProgress(plan.todo, 0, Console(file=shown)), Scheduler(plan.todo, NO_LIMIT)
        recorder = Recorder(plan, {}, writer, display, scheduler, Notifier(None, "x"))
        execute(recorder, tmp_path / "folder", tmp_path / "folder", plan.experiment.resources)
        recorder.interrupted()
    outcome = recorder.outcome
    assert sorted(card.split(" of ")[0] for card in outcome.set_aside) == ["GPU 0", "GPU 1"]
    assert not outcome.finished
    assert not outcome.failed  # no trial is lost for the cards' faults
    assert outcome.not_started + len(outcome.interrupted) == len(plan.todo) == 12
    assert outcome.exit_code != 0
    assert "Not used any more, as they failed again and again: GPU" in outcome.summary("tiny.yaml")
    assert "a GPU was assigned to it (CUDA_VISIBLE_DEVICES=0)" in shown.getvalue()
