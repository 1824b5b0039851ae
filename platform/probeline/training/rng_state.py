"""The state of torch's global generators, of the CPU and of the device that trains."""

import torch
from torch import Tensor

State = tuple[Tensor, Tensor | None]


def random_state(device: torch.device) -> State:
    """What `restore` brings back: noise drawn from here on."""
    on_device = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return torch.get_rng_state(), on_device


def restore(state: State, device: torch.device) -> None:
    """The generators stand again where they stood."""
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], device)
