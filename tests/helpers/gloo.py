"""Two real processes joined by gloo, for tests of what workers share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def on_two_workers(work: Callable[[int, Path], Any], folder: Path) -> list[Any]:
    """What `work(rank, folder)`, a function of a module, returns on each of them; `torch.load` must take it."""
    torch.multiprocessing.spawn(_worker, (work, folder), nprocs=2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def _worker(rank: int, work: Callable[[int, Path], Any], folder: Path) -> None:
    import torch.distributed as dist

    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    torch.save(work(rank, folder), folder / f"{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
    os._exit(0)  # the results are on disk; gloo's threads abort 1 in 20 interpreters that shut down in order
