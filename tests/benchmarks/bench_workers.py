"""A step of SimCLR on two workers against the same step on one, each with one thread, side by side in the same minute.

What two workers cost over half of one is the gathered outputs, the gradients and the statistics of batch norm, which
all wait for the slower one. On a machine with fewer than two free cores the two get in each other's way.
"""

import json
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.distributed as dist
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.experiment.schema import Training
from probeline.methods.contrastive.simclr import Config, SimCLR
from probeline.models.build import build_encoder
from probeline.training.data_parallel import Shard, WorkerShard
from probeline.training.gradient_cache import full_gradient

from tests.benchmarks.row import Row

B, ROUNDS = 256, 5
FACTS = DatasetInfo(
    digest="-", train_size=B, validation_size=2, test_size=2, classes=("a", "b"), sample=image(32, 32, 3)
)


def seconds(method: SimCLR, share: Shard) -> float:
    """One gradient of the batch, agreed on."""
    pixels = torch.rand(B, 32, 32, 3, generator=torch.Generator().manual_seed(0)).permute(0, 3, 1, 2)[share.rows]
    index = torch.arange(B)[share.rows]
    start = time.perf_counter()
    method.zero_grad(set_to_none=True)
    batch = Batch(pixels, torch.zeros_like(index), index)
    full_gradient(method, batch, SampleRNG(0, 0, index), lambda: torch.autocast("cpu", enabled=False), share)
    share.reduce_gradients(method)
    return time.perf_counter() - start


def worker(rank: int, folder: str) -> None:
    """The first worker also does the step alone, while the other waits."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 8}, FACTS.sample).to(memory_format=torch.channels_last)
    method = SimCLR(Config(), encoder, FACTS)
    shares = {
        "two": WorkerShard(Training(batch_size=B)),
        "two, a norm each": WorkerShard(Training(batch_size=B, micro_batch=B // 2)),
        "one": Shard(B),
    }
    taken: dict[str, list[float]] = {name: [] for name in shares}
    for _ in range(1 + ROUNDS):
        for name, share in shares.items():
            dist.barrier()
            if name != "one" or rank == 0:
                taken[name].append(seconds(method, share))
    if rank == 0:
        Path(folder, "taken.json").write_text(json.dumps({name: times[1:] for name, times in taken.items()}))
    dist.barrier()
    os._exit(0)  # gloo's threads abort 1 in 20 interpreters that shut down in order


def rows() -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(worker, (folder,), nprocs=2)
        taken = json.loads(Path(folder, "taken.json").read_text())
    for name in ("two", "two, a norm each"):
        ratio = statistics.median(ours / one for ours, one in zip(taken[name], taken["one"], strict=True))
        ours, one = statistics.median(taken[name]), statistics.median(taken["one"])
        yield Row(f"a step of {B} images on {name.replace('two', 'two workers')}", ours, "s", one, "one", ratio)
