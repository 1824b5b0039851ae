"""The part of a GPU's memory that this process may use, where several processes share the card."""

import torch

CONTEXT_BYTES = 600 * 2**20
"""What CUDA itself takes of the card for each process, which torch's allocator does not count."""

_limits: dict[torch.device, int] = {}


def limit_memory(device: torch.device, share: float) -> None:
    """Holds torch's allocator in this process to a share of the card's memory, above 0 and below 1."""
    total = torch.cuda.mem_get_info(device)[1]
    _limits[device] = max(total // 100, int(share * total) - CONTEXT_BYTES)
    torch.cuda.set_per_process_memory_fraction(_limits[device] / total, device)


def free_memory(device: torch.device) -> int:
    """Bytes that this process can still allocate: what is free on the card, and at most the rest of its share."""
    free, total = torch.cuda.mem_get_info(device)
    return max(0, min(free, _limits.get(device, total) - torch.cuda.memory_allocated(device)))
