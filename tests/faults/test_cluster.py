"""A cluster of two nodes: one of them is killed, the job's driver is killed; nothing is lost, one run a trial."""

import time
from pathlib import Path

import psutil
import pytest
from execution.commands import MINUTES, submit
from execution.ray_cluster import RayCluster, title
from faults.driver import end, trial_runs, wait_for_an_epoch
from faults.test_kill import SPEC, check_the_record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    started = RayCluster(folder, {"PROBELINE_CACHE": str(folder / "cache")})
    yield started
    started.end()


@pytest.fixture
def project(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


def the_driver(cluster: RayCluster) -> psutil.Process:
    """The process of the job that runs: Ray starts it on the head."""
    (found,) = (each for each in cluster.nodes[0].family() if "-m probeline.cli run" in title(each))
    return found


def test_a_jobs_driver_that_is_killed_loses_nothing_when_submitted_again(cluster, project):
    first = submit(cluster, project)
    wait_for_an_epoch(project, MINUTES)
    the_driver(cluster).kill()
    log = end(first, MINUTES)
    assert first.returncode not in (0, 2), log

    again = submit(cluster, project)
    log = end(again, MINUTES)
    assert again.returncode == 0, log
    check_the_record(project)


def test_the_trials_of_a_node_that_is_killed_go_on_on_the_other_and_use_up_no_retry(cluster, project):
    job = submit(cluster, project)
    wait_for_a_trial_on_each(project)
    cluster.nodes[1].kill()
    log = end(job, MINUTES)
    assert job.returncode == 0, log
    assert "4 trials finished, 1 started again (preempted)" in log, log
    restarts = [run.data.tags.get("probeline.restarts") for run in trial_runs(project, "killed")]
    assert sorted(filter(None, restarts)) == ["preempted"]
    check_the_record(project)


def wait_for_a_trial_on_each(project: Path) -> None:
    """Until two trials are in the middle, which is one on each node, as each has one processor."""
    until = time.monotonic() + MINUTES
    while time.monotonic() < until:
        said = [path.read_text() for path in (project / ".probeline/spool").glob("*/*.jsonl")]
        if sum('"train/loss"' in text and '"finished"' not in text for text in said) == 2:
            return
        time.sleep(0.1)
    raise AssertionError("never were two trials at work at once")
