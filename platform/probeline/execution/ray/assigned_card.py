"""The GPU card that Ray has assigned to a worker, and its loss."""

import os
import socket

import ray


class DeviceLost(Exception):
    """The GPU of a worker can compute no more in its process: the process ends, and its trial starts again.

    `card` is the card's name; "" where the trial's own program is at fault.
    """

    def __init__(self, message: str, card: str) -> None:
        super().__init__(message, card)
        self.message, self.card = message, card

    def __str__(self) -> str:
        return self.message


def assigned_card() -> tuple[str, int]:
    """The name of the card that Ray assigned to this process, and its index among those that CUDA shows it.

    ("", 0) for a process without a GPU. Ray shows a process its own cards alone, unless it was told not to
    (RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES).
    """
    assigned = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
    if not assigned:
        return "", 0
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    number = assigned[0]
    index = visible.index(number) if number in visible else int(number) if visible == [""] and number.isdigit() else 0
    return f"GPU {number} of {socket.gethostname()}", index
