"""A training loop of a few small images, and what it leaves."""

import numpy as np
import torch
from helpers.datasets import dataset_of
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.sample_spec import image
from probeline.experiment.schema import Training
from probeline.methods.contrastive.simclr import Config, SimCLR
from probeline.models.build import build_encoder
from probeline.training import loop

SHAPE = (8, 8, 3)


FACTS = DatasetInfo(digest="-", train_size=40, validation_size=8, test_size=8, classes=("a", "b"), sample=image(*SHAPE))


def part(n, seed):
    generator = np.random.default_rng(seed)
    return Split(generator.integers(0, 256, (n, *SHAPE), dtype=np.uint8), np.arange(n) % 2)


DATA = dataset_of(part(40, 0), part(8, 1), part(8, 2), ("a", "b"))


def trainer(seed=0, **settings):
    torch.manual_seed(seed)
    encoder = build_encoder({"name": "resnet", "width": 4}, image(*SHAPE)).to(memory_format=torch.channels_last)
    method = SimCLR(Config(), encoder, FACTS)
    training = Training(**{"epochs": 3, "batch_size": 8, "lr": 0.1, "warmup_epochs": 1} | settings)
    return loop.Loop(method, DATA, training, seed, torch.device("cpu"))


def weights(trained):
    return torch.cat([value.flatten().float() for value in trained.method.encoder.state_dict().values()])


def values(records):
    return [(record.name, record.step, record.value) for record in records]


class Stop(Exception):
    pass
