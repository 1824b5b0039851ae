"""A worker that cannot be reached in a real cluster, one of whose nodes has died without Ray's head knowing it yet."""

import psutil
import pytest
import ray
from helpers.ray_cluster import kill
from probeline.execution.planning.plan import make
from probeline.execution.ray import nodes
from probeline.execution.ray.failure_causes import cause
from probeline.experiment.load import load
from ray.cluster_utils import Cluster
from ray.exceptions import ActorUnavailableError


@ray.remote
class Worker:
    """On a node of the test's choice."""

    def answer(self) -> str:
        return "here"

    def sees_gone(self, errors: list[Exception]) -> list[bool]:
        """As the first of a trial's workers asks about the others."""
        return [nodes.took(error) for error in errors]


@pytest.fixture
def other():
    """A node of a cluster of two, whose driver the test is."""
    made = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "resources": {"head": 1}, "include_dashboard": False}
    )
    node = made.add_node(num_cpus=1, resources={"other": 1})
    ray.init(address=made.address, log_to_driver=False)
    yield node
    ray.shutdown()
    made.shutdown()


def test_only_a_worker_whose_own_node_is_gone_was_preempted(other, spec, uri, tmp_path):
    trial = make(load(spec), uri).trials[0]
    at = {name: Worker.options(resources={name: 1}).remote() for name in ("head", "other")}
    assert ray.get([each.answer.remote() for each in at.values()]) == ["here", "here"]
    raylet = psutil.Process(other.all_processes["raylet"][0].process.pid)
    kill([raylet, *raylet.children(recursive=True)])

    with pytest.raises(ActorUnavailableError) as gone:
        ray.get(at["other"].answer.remote(), timeout=60)
    assert all(node["Alive"] for node in ray.nodes())  # so the head does not know it
    assert cause(gone.value, str(gone.value), trial, tmp_path)["kind"] == "preempted"

    beside = ActorUnavailableError("its connection broke", at["head"]._actor_id.binary())
    assert cause(beside, str(beside), trial, tmp_path)["kind"] == "lost_worker"
    assert not nodes.took(ActorUnavailableError("it never was placed", None))
    assert ray.get(at["head"].sees_gone.remote([gone.value, beside])) == [True, False]
