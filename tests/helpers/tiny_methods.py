"""A tiny method's surroundings: facts, an encoder of one matrix, a batch."""

import torch
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoded
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from torch import nn


def facts(train_size=40, classes=("a", "b")):
    return DatasetInfo(
        digest="-", train_size=train_size, validation_size=1, test_size=1, classes=classes, sample=image(8, 8, 3)
    )


class Encoder(nn.Module):
    """h = W x for images of 8x8x3, without batch norm: rows do not meet."""

    dim = 6

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(192, self.dim)

    def forward(self, x, lengths=None):
        return Encoded(self.linear(x.flatten(1)))


def encoder(seed=0):
    torch.manual_seed(seed)
    return Encoder()


def batch(b=6, seed=0, labels=None, index=None):
    inputs = torch.rand(b, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    labels = torch.arange(b) % 2 if labels is None else labels
    return Batch(inputs, labels, torch.arange(b) if index is None else index)


def views(method, given, seed=0):
    return method.views(given, SampleRNG(seed, 0, given.index))


def trained_step(method, given, lr=0.1):
    """One step of SGD with all that the loop does; the outputs and views of it."""
    made = views(method, given)
    outputs = method(made)
    method.loss(outputs, made)["loss"].backward()
    torch.optim.SGD(method.parameters(), lr=lr).step()
    method.after_step(outputs, made)
    return outputs, made


def tensor(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
