"""Whether a node of the cluster has gone: Ray's head takes some 20 seconds to say so, an actor's caller none."""

import socket
import time

import ray

PATIENCE = 2.0
"""Seconds for a node that lives to take a connection."""


def one_is_gone() -> bool:
    """Whether a node that the head still counts does not answer. Ray is connected."""
    return any(not _answers(node) for node in ray.nodes() if node["Alive"])


def _answers(node: dict) -> bool:
    return _listens(node["NodeManagerAddress"], node["NodeManagerPort"])


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError:
        return False
    return True


def head_goes(within: float) -> bool:
    """Whether the connected head goes within these seconds, or is gone: Ray itself would wait a minute for it."""
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    until = time.monotonic() + within
    while _listens(host.strip("[]"), int(port)):
        if time.monotonic() > until:
            return False
        time.sleep(within / 20)
    return True
