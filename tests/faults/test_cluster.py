"""A cluster of two nodes: the job's driver is killed; nothing is lost, one run a trial."""

import psutil
import pytest
from execution.commands import MINUTES, submit
from execution.ray_cluster import RayCluster, title
from faults.driver import end, wait_for_an_epoch
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
