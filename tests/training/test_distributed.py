"""Two real processes (gloo): the loss and gradients of the whole batch."""

import inspect

import pytest
import torch
from helpers.gloo import on_two_workers
from helpers.loss_inputs import takes
from probeline.plugins import catalog
from torch import nn

SIZES = [5, 3]


def _loss(name, za, zb, scale):
    function = getattr(catalog.module("losses", name), name)
    given = {"labels": torch.arange(8) % 3, "variant": "MultiSimilarityLoss"}
    if takes(name) == "classes":
        return function(torch.cat([za * scale, zb]), given["labels"].repeat(2))
    learned = {"same": torch.arange(8) % 2 == 0, "weight": -torch.ones(4), "bias": torch.zeros(())}
    given |= learned if takes(name) == "pairs" else {}
    taken = {key: value for key, value in given.items() if key in inspect.signature(function).parameters}
    return function(za * scale, zb, **taken)


def _gradients(name, gathered=None):
    """scale is a parameter of the loss, not of the network: a sum over workers would double its gradient."""
    torch.manual_seed(0)
    net, scale = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4)), nn.Parameter(torch.linspace(0.5, 1.5, 4))
    inputs = torch.randn(2, 8, 6)
    rows = inputs if gathered is None else inputs.split(SIZES, dim=1)[torch.distributed.get_rank()]
    z = net(rows.flatten(0, 1))
    z = z if gathered is None else gathered.gather(z, SIZES)
    loss = _loss(name, *z.chunk(2), scale)
    loss.backward()
    parameters = [*net.parameters(), scale]
    if gathered is not None:
        gathered.average_gradients(parameters)
    return [loss.detach(), *(parameter.grad for parameter in parameters)]


def _work(rank, folder):
    from probeline.training import distributed

    return {name: _gradients(name, distributed) for name in catalog.names("losses")}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return on_two_workers(_work, tmp_path_factory.mktemp("workers"))


@pytest.mark.parametrize("name", catalog.names("losses"))
def test_loss_and_gradients_on_two_uneven_workers_are_those_of_one_process(found, name):
    for on_worker in found:
        torch.testing.assert_close(on_worker[name], _gradients(name), rtol=1e-5, atol=1e-5)
