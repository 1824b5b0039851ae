"""What Tune is given, and when."""

import os

from probeline.execution.planning.plan import make
from probeline.execution.ray.card_failures import CardFailures
from probeline.execution.ray.engine import parallel_worker_start
from probeline.execution.ray.scheduler import NO_LIMIT, Scheduler
from probeline.execution.ray.tune_events import TuneSearcher
from probeline.experiment.load import load


def test_tune_gets_as_many_trials_as_run_at_once_and_one_that_waits(spec, uri):
    trials = make(load(spec), uri).trials
    scheduler = Scheduler(trials, NO_LIMIT)
    searcher = TuneSearcher(scheduler, 2, CardFailures())
    given = [searcher.suggest(str(number)) for number in range(5)]
    assert [each and each["handle"].trial for each in given] == [*trials[:3], None, None]
    scheduler.finished(trials[1])
    assert searcher.suggest("5")["handle"].trial == trials[3]
    assert searcher.suggest("6") is None
    for trial in [trials[0], trials[2], trials[3]]:
        scheduler.finished(trial)
    last = {searcher.suggest(str(number))["handle"].trial.id for number in (7, 8)}
    assert last == {trial.id for trial in trials[4:]}  # a later seed: in the order of what they took
    for trial in trials[4:]:
        scheduler.finished(trial)
    assert searcher.suggest("9") == searcher.FINISHED


def test_tune_may_wait_for_all_workers_at_once_while_a_grid_runs(monkeypatch):
    name = "TUNE_MAX_PENDING_TRIALS_PG"
    monkeypatch.delenv(name, raising=False)
    with parallel_worker_start(64):
        assert int(os.environ[name]) == 65
    assert name not in os.environ
    monkeypatch.setenv(name, "7")  # somebody's own choice stays
    with parallel_worker_start(64):
        assert os.environ[name] == "7"
    assert os.environ[name] == "7"
