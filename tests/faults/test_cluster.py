"""A cluster of two nodes: one of them is killed, the job's driver is killed; nothing is lost, one run a trial."""

import psutil
import pytest
from helpers.commands import MINUTES, submit
from helpers.faults.driver import check_resumed, end, trial_runs, wait_for_checkpoints
from helpers.faults.record import SPEC, check_the_record
from helpers.ray_cluster import RayCluster, title

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC.replace("epochs: 12", "epochs: 200").replace("seeds: 2", "seeds: 1"))
    return tmp_path


def the_driver(cluster: RayCluster) -> psutil.Process:
    """The process of the job that runs: Ray starts it on the head."""
    (found,) = (each for each in cluster.nodes[0].family() if "-m probeline.cli run" in title(each))
    return found


def test_a_jobs_driver_that_is_killed_loses_nothing_when_submitted_again(cluster, project):
    first = submit(cluster, project)
    kept = wait_for_checkpoints(project, 2, MINUTES)
    the_driver(cluster).kill()
    log = end(first, MINUTES)
    assert first.returncode not in (0, 2), log

    again = submit(cluster, project)
    log = end(again, MINUTES)
    assert again.returncode == 0, log
    check_resumed(trial_runs(project, "killed"), kept)
    check_the_record(project)


def test_the_trials_of_a_node_that_is_killed_go_on_on_the_other_and_use_up_no_retry(cluster, project):
    job = submit(cluster, project)
    wait_for_checkpoints(project, 2, MINUTES)  # one trial on each node, as each has one processor
    cluster.nodes[1].kill()
    log = end(job, MINUTES)
    assert job.returncode == 0, log
    assert "2 trials finished, 1 started again (preempted)" in log, log
    runs = trial_runs(project, "killed")
    (moved,) = (run.data.tags for run in runs if "probeline.restarts" in run.data.tags)
    assert moved["probeline.restarts"] == "preempted"
    check_resumed(runs, {moved["probeline.encoder_id"]})
    check_the_record(project, moved["probeline.encoder_id"])
