"""One training step of each job on the pretended device: `python steps.py '[{"method": {"name": "simclr"}}, ...]'`.

A job may have `training`, the settings that differ, and `workers`, of which this process is the first. Prints a JSON
list: the step's `launches`, its `waits` by line, and its `loss` beside `cpu_loss`, that on the CPU.
"""

import json
import sys
from itertools import islice

import numpy as np
import torch
import torch.distributed as dist
from device import CPU, CUDA, PretendedCuda, clear, launches, waits
from helpers.datasets import dataset_of
from probeline.core.dataset import Split
from probeline.data.loader import batches
from probeline.experiment.resolved import ResolvedComponent, ResolvedRecipe
from probeline.experiment.schema import Training
from probeline.training.data_parallel import shard_of
from probeline.training.loop import Loop
from probeline.training.method_building import build_method
from torch.testing._internal.distributed.fake_pg import FakeStore

SIDE, BATCH = 32, 8
ENCODER = ResolvedComponent("resnet", {"depth": 18, "width": 4, "stem": "cifar"})
DIGITS = ResolvedComponent("digits", {})


def split(samples: int) -> Split:
    pixels = np.random.default_rng(0).integers(0, 256, (samples, SIDE, SIDE, 3), dtype=np.uint8)
    return Split(pixels, np.arange(samples) % 4)


DATA = dataset_of(split(32), split(16), split(16), ("a", "b", "c", "d"), "0" * 16)
INFO = DATA.info


def second_step(method: dict, settings: dict, workers: int, device: torch.device) -> float:
    """The loss of the second of two steps, when all that is made once is there; counts are of that step alone."""
    training = Training(epochs=2, batch_size=BATCH, lr=0.05, precision="fp32", **settings)
    torch.manual_seed(0)
    recipe = ResolvedRecipe(DIGITS, ENCODER, ResolvedComponent.from_dict(method), training, ())
    made = build_method(recipe, INFO).to(device, memory_format=torch.channels_last)
    loop = Loop(made, DATA, training, 0, device, shard_of(training, workers))
    made.train()
    order = {"seed": 0, "epoch": 0, "rows": loop.share.rows, "sampler": loop.sampler}
    for batch in islice(batches(DATA.train, BATCH, device=device, **order), 2):
        clear()
        terms = loop._update(batch)
        loop.progress.step += 1
    loss = terms["train/loss"]
    return float(loss.values_ if device == CUDA else loss)


def report(method: dict, training: dict | None = None, workers: int = 1) -> dict:
    """What a step asks of the device; with several workers a group that sends nothing stands in for the others."""
    if workers > 1:
        dist.init_process_group("fake", rank=0, world_size=workers, store=FakeStore())
    try:
        cpu_loss = second_step(method, training or {}, workers, CPU)
        with PretendedCuda():
            loss = second_step(method, training or {}, workers, CUDA)
    except Exception as error:  # noqa: BLE001 (it is what is reported)
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        if workers > 1:
            dist.destroy_process_group()
    return {"launches": sum(launches.values()), "waits": dict(waits), "loss": loss, "cpu_loss": cpu_loss}


print(json.dumps([report(**job) for job in json.loads(sys.argv[1])]))
