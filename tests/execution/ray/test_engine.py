"""What Tune is given, and when."""

import os

from probeline.execution.planning.plan import make
from probeline.execution.ray.card_failures import CardFailures
from probeline.execution.ray.engine import TuneSearcher, started_beside_each_other
from probeline.execution.ray.scheduler import NO_LIMIT, Scheduler
from probeline.experiment.load import load


def test_tune_gets_as_many_trials_as_run_at_once_and_one_that_waits(spec, uri):
    trials = make(load(spec), uri).trials
    feed = Scheduler(trials, NO_LIMIT)
    supply = TuneSearcher(feed, 2, CardFailures())
    given = [supply.suggest(str(number)) for number in range(5)]
    assert [each and each["ticket"].trial for each in given] == [*trials[:3], None, None]
    feed.finished(trials[1])
    assert supply.suggest("5")["ticket"].trial == trials[3]
    assert supply.suggest("6") is None
    for trial in [trials[0], trials[2], trials[3]]:
        feed.finished(trial)
    assert [supply.suggest(str(number))["ticket"].trial for number in (7, 8)] == trials[4:]
    for trial in trials[4:]:
        feed.finished(trial)
    assert supply.suggest("9") == supply.FINISHED


def test_tune_may_wait_for_all_workers_at_once_while_a_grid_runs(monkeypatch):
    name = "TUNE_MAX_PENDING_TRIALS_PG"
    monkeypatch.delenv(name, raising=False)
    with started_beside_each_other(64):
        assert int(os.environ[name]) == 65
    assert name not in os.environ
    monkeypatch.setenv(name, "7")  # somebody's own choice stays
    with started_beside_each_other(64):
        assert os.environ[name] == "7"
    assert os.environ[name] == "7"
