"""Two real processes (gloo): the loss and gradients of the whole batch."""

import inspect
import os

import pytest
import torch
from probeline import catalog
from torch import nn

SIZES = [5, 3]


def _loss(name, za, zb, scale):
    function = getattr(catalog.module("losses", name), name)
    given = {"labels": torch.arange(8) % 3, "variant": "MultiSimilarityLoss"}
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


def _worker(rank, folder):
    import torch.distributed as dist
    from probeline.training import distributed

    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    torch.save({name: _gradients(name, distributed) for name in catalog.names("losses")}, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
    os._exit(0)  # the results are on disk; gloo's threads abort 1 in 20 interpreters that shut down in order


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workers")
    torch.multiprocessing.spawn(_worker, (str(folder),), nprocs=2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("name", catalog.names("losses"))
def test_loss_and_gradients_on_two_uneven_workers_are_those_of_one_process(found, name):
    for on_worker in found:
        torch.testing.assert_close(on_worker[name], _gradients(name), rtol=1e-5, atol=1e-5)
