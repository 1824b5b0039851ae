"""Tune's manager of actors, for which a worker that Ray ends for memory has died like any other.

Ray answers the tasks of such a worker with an error that Tune does not count among those of dead actors, and so it ends
the whole run (ray.air.execution._internal.actor_manager, Ray 2.60).
"""

from ray.air.execution._internal import RayActorManager
from ray.air.execution._internal.tracked_actor_task import TrackedActorTask
from ray.exceptions import OutOfMemoryError, RayActorError
from ray.tune.execution import tune_controller


class ActorManager(RayActorManager):
    """Hands on the error with Ray's words, by which `failure_causes` knows it."""

    def _actor_task_failed(self, tracked_actor_task: TrackedActorTask, exception: Exception) -> None:
        if isinstance(exception, OutOfMemoryError):
            exception = RayActorError(error_msg=str(exception))
        super()._actor_task_failed(tracked_actor_task, exception)


def install() -> None:
    """Has Tune use it from now on."""
    tune_controller.RayActorManager = ActorManager  # type: ignore[misc]  # Tune takes no other in its settings
