"""What a sample of training costs, tried on one batch: for a plan that no finished trial can price."""

import time
from itertools import islice

import torch

from probeline.data.store import open_dataset
from probeline.experiment.trial import Trial
from probeline.training.loop import Loop
from probeline.training.method_building import initial_method
from probeline.training.precision import float32_arithmetic


def seconds_per_sample(trial: Trial, device: torch.device) -> float:
    """Seconds for one sample of one epoch, from the second of two steps; 0 for a method that does not train.

    The first step pays for what later ones do not: allocation, kernels. Nothing is kept.

    Raises:
        TrialError, UserError: as the trial itself would.
    """
    recipe = trial.cell.recipe
    dataset, training = open_dataset(recipe.data.as_dict()), recipe.training
    method = initial_method(recipe, dataset.info, trial.seed)
    if not method.trains or not training.epochs:
        return 0.0
    with float32_arithmetic(training.precision, device):
        method = method.to(device).to(memory_format=torch.channels_last).train()
        return _second_step(Loop(method, dataset, training, trial.seed, device)) / training.batch_size


def _second_step(loop: Loop) -> float:
    """Seconds of it."""
    device, seconds = loop.device, 0.0
    for batch in islice(loop.batches(), 2):
        start = time.perf_counter()
        loop._update(batch)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds = time.perf_counter() - start
    return seconds
