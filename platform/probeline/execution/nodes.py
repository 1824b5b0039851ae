"""Whether a node of the cluster has gone: Ray's head takes some 20 seconds to say so, an actor's caller none."""

import socket

import ray

PATIENCE = 2.0
"""Seconds for a node that lives to take a connection."""


def one_is_gone() -> bool:
    """Whether a node that the head still counts does not answer. Ray is connected."""
    return any(not _answers(node) for node in ray.nodes() if node["Alive"])


def _answers(node: dict) -> bool:
    try:
        socket.create_connection((node["NodeManagerAddress"], node["NodeManagerPort"]), PATIENCE).close()
    except OSError:
        return False
    return True
