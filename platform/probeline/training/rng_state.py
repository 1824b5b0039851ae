"""The state of torch's global generators, of the CPU and of the device that trains."""

import torch
from torch import Tensor

State = tuple[Tensor, Tensor | None]


def random_state(device: torch.device) -> State:
    """What `restore` brings back: noise drawn from here on."""
    on_device = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return torch.get_rng_state(), on_device


def seed_generators(seed: int, device: torch.device) -> None:
    """Seeds the CPU's generator, and the current CUDA device's where `device` is one, as `torch.manual_seed` does.

    That takes 240 us where there is no CUDA device, as it formats a traceback for the devices of every kind.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


def restore(state: State, device: torch.device) -> None:
    """The generators stand again where they stood."""
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], device)
