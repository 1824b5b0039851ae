"""Ray's nodes: the trials that they hold at once, and which have gone (the head takes some 20 s to tell)."""

import socket
import time

import ray
from ray._private.state import actors  # its public counterpart asks the dashboard, which a cluster may not have
from ray.exceptions import ActorUnavailableError

from probeline.experiment.resources import Resources

PATIENCE = 2.0
"""Seconds for a live node to accept a connection."""


def took(error: Exception | None) -> bool:
    """Whether an actor cannot be reached because its own node has gone, whatever other nodes do. Ray is connected."""
    if not isinstance(error, ActorUnavailableError) or error.actor_id is None:
        return False
    there = actors(error.actor_id).get("Address", {}).get("NodeID")
    return any(node["NodeID"] == there and not (node["Alive"] and _answers(node)) for node in ray.nodes())


def _answers(node: dict) -> bool:
    return _listens(node["NodeManagerAddress"], node["NodeManagerPort"])


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError:
        return False
    return True


def own_node() -> tuple[str, int]:
    """Host and port of the raylet of this process's node, of the connected Ray."""
    here = ray.get_runtime_context().get_node_id()
    node = next(node for node in ray.nodes() if node["NodeID"] == here)
    return node["NodeManagerAddress"], node["NodeManagerPort"]


def has_ended(host: str, port: int) -> bool:
    """Whether a connection is refused there: a process that is only busy accepts it late."""
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError as error:
        return isinstance(error, ConnectionRefusedError)
    return False


def head_goes(within: float) -> bool:
    """Whether the connected head ends within these seconds, or has ended: Ray itself would wait a minute for it."""
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    until = time.monotonic() + within
    while _listens(host.strip("[]"), int(port)):
        if time.monotonic() > until:
            return False
        time.sleep(within / 20)
    return True


def slots_of(resources: Resources) -> int:
    """The number of trials that the connected cluster, as it is now, runs at once."""
    have = ray.cluster_resources()
    return max(1, min(int(have.get(name, 0) / need + 1e-9) for name, need in resources.all.items() if need))
