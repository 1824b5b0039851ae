"""One training step of each method of a list on the pretended device: `python steps.py '[{"name": "simclr"}, ...]'`.

Prints a JSON list: the step's `launches`, its `waits` by line, and its `loss` beside `cpu_loss`, that on the CPU.
"""

import json
import sys
from itertools import islice

import numpy as np
import torch
from device import CPU, CUDA, PretendedCuda, clear, launches, waits
from probeline.core.dataset import Dataset, DatasetInfo, Split
from probeline.data.loader import batches
from probeline.experiment.schema import Training
from probeline.training.loop import Loop
from probeline.training.trial import build_method

SIDE, BATCH = 32, 8
ENCODER = {"name": "resnet", "depth": 18, "width": 4, "stem": "cifar"}


def part(samples: int) -> Split:
    pixels = np.random.default_rng(0).integers(0, 256, (samples, SIDE, SIDE, 3), dtype=np.uint8)
    return Split(pixels, np.arange(samples) % 4)


DATA = Dataset(part(32), part(16), part(16), ("a", "b", "c", "d"), "0" * 16)
FACTS = DatasetInfo("0" * 16, 32, 16, 16, DATA.classes, (SIDE, SIDE, 3))


def second_step(method: dict, training: dict, device: torch.device) -> float:
    """The loss of the second of two steps, when all that is made once is there; counts are of that step alone."""
    settings = Training(epochs=2, batch_size=BATCH, lr=0.05, precision="fp32", **training)
    torch.manual_seed(0)
    made = build_method({"method": method, "encoder": ENCODER}, FACTS).to(device, memory_format=torch.channels_last)
    loop = Loop(made, DATA, settings, 0, device)
    made.train()
    for batch in islice(batches(DATA.train, BATCH, seed=0, epoch=0, device=device), 2):
        clear()
        terms = loop._update(batch)
        loop.progress.step += 1
    loss = terms["train/loss"]
    return float(loss.values_ if device == CUDA else loss)


def report(method: dict, training: dict) -> dict:
    try:
        clear()
        cpu_loss = second_step(method, training, CPU)
        with PretendedCuda():
            loss = second_step(method, training, CUDA)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"launches": sum(launches.values()), "waits": dict(waits), "loss": loss, "cpu_loss": cpu_loss}


print(json.dumps([report(method, training) for method, training in json.loads(sys.argv[1])]))
