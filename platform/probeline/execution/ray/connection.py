"""A connection to Ray: a cluster that is joined, or a Ray started on this machine."""

import contextlib
import gc
import logging
from collections.abc import Iterator
from typing import Any

import ray

from probeline.errors import UserError
from probeline.execution.ray.address import checked, target
from probeline.execution.ray.capacity import refuse_what_is_too_large
from probeline.execution.ray.failure_causes import last_line
from probeline.execution.ray.nodes import head_goes
from probeline.execution.ray.start import start
from probeline.experiment.resources import Resources


@contextlib.contextmanager
def connected(address: str | None, resources: Resources) -> Iterator[None]:
    """A connection to Ray, joined at `address` or started on this machine; closed or shut down afterwards.

    Raises:
        UserError: no cluster answers, or none of its size can ever hold one trial.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # the listener reports failed trials
    origin, address = target(address).origin, checked(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        start({"address": "local", "include_dashboard": False, "object_store_memory": 2**28, **quiet})
    else:
        try:
            ray.init(address=address, **quiet)
        except Exception as error:  # Ray raises bare exceptions, too
            ray.shutdown()
            raise UserError(f"{origin}: no Ray cluster answers there: {last_line(str(error))}") from error
    try:
        refuse_what_is_too_large(resources, [node["Resources"] for node in ray.nodes() if node["Alive"]])
        yield
    finally:
        # Tune leaves reference cycles that hold Ray's objects. Collected after the shutdown they access a core worker
        # that no longer exists, and Ray aborts the process. Collected when the head is gone they wait for it, as the
        # shutdown does: then neither is done before the process ends.
        if head_goes(within=0):
            gc.freeze()
        else:
            gc.collect()
            ray.shutdown()
