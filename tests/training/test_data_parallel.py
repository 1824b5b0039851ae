"""Two real processes (gloo) train as one does: every method, its loss, gradients, weights and buffers."""

import numpy as np
import pytest
import torch
from helpers.datasets import dataset_of
from helpers.gloo import on_two_workers
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.encoder import Encoded
from probeline.core.method import Method
from probeline.core.sample_spec import image
from probeline.data.loader import batches
from probeline.data.pair_sampler import BalancedPairs
from probeline.experiment.schema import Training
from probeline.plugins import catalog
from probeline.plugins.declarations import fitting
from probeline.training.checkpoints import Checkpoint, NoCheckpoint
from probeline.training.data_parallel import Shard, WorkerShard
from probeline.training.loop import Loop
from torch import nn

B, SHAPE = 9, (16, 16, 3)
FACTS = DatasetInfo(
    digest="-", train_size=18, validation_size=4, test_size=4, classes=("a", "b", "c"), sample=image(*SHAPE)
)
TRAINS = [name for name in fitting("methods", "image") if catalog.trains(name)]
CASES = [(name, micro_batch) for name in TRAINS for micro_batch in (None, 4)]
SMALL = {
    "barlow_twins": {"projector_dim": 8},
    "byol": {"hidden_dim": 32},
    "simsiam": {"projector_dim": 32, "predictor_dim": 8},
    "vicreg": {"projector_dim": 8},
}
"""Settings with which nine samples and float32 determine a gradient."""


class Encoder(nn.Module):
    """Batch norm twice, and nothing with a corner, which rounding alone may turn round."""

    dim = 8

    def __init__(self):
        super().__init__()
        first = [nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.Tanh()]
        self.body = nn.Sequential(*first, nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.Tanh())

    def forward(self, x, lengths=None):
        return Encoded(self.body(x).mean((2, 3)))


def part(n):
    generator = np.random.default_rng(0)
    return Split(generator.integers(0, 256, (n, *SHAPE), dtype=np.uint8), np.arange(n) % 3)


DATA = dataset_of(part(18), part(4), part(4), FACTS.classes)


def trained(name, micro_batch, share=Shard):
    """What a training of two steps has said, its first gradient, and all that it knows at the end."""
    torch.manual_seed(0)
    config = catalog.config("methods", name)(**SMALL.get(name, {}))
    method = catalog.plugin_class("methods", name, Method)(config, Encoder(), FACTS).train()
    training = Training(epochs=1, batch_size=B, micro_batch=micro_batch, lr=0.01, precision="fp32")
    own = share(training) if share is WorkerShard else Shard(B, micro_batch)
    loop = Loop(method, DATA, training, 0, torch.device("cpu"), own)
    seen = {}
    order = {"sampler": loop.sampler} if isinstance(loop.sampler, BalancedPairs) else {}
    for step, batch in enumerate(batches(DATA.train, B, seed=0, epoch=0, device="cpu", rows=own.rows, **order)):
        loop.progress.step = step
        seen |= {f"said {step} {key}": value for key, value in loop._update(batch).items()}
        if step == 0:
            seen |= {f"gradient {key}": p.grad.clone() for key, p in method.named_parameters() if p.grad is not None}
    return seen | {f"state {key}": value.clone() for key, value in method.state_dict().items()}


def looped(share=Shard):
    """A loop of three epochs of two steps."""
    torch.manual_seed(0)
    config = catalog.config("methods", "simclr")()
    method = catalog.plugin_class("methods", "simclr", Method)(config, Encoder(), FACTS)
    training = Training(epochs=3, batch_size=B, lr=0.01, precision="fp32", momentum=0.9)
    own = share(training) if share is WorkerShard else None
    return Loop(method, DATA, training, 0, torch.device("cpu"), own)


def said(records):
    return {f"{record.name} {record.step}": torch.tensor(record.value) for record in records}


def stopped_and_resumed(rank, folder):
    """The first worker stops after an epoch, and the other ends with it; then what both say of a second start."""
    checkpoint = Checkpoint(folder / "checkpoint") if rank == 0 else NoCheckpoint()
    run = looped(WorkerShard).run(checkpoint)
    first = [next(run) for _ in range(3)] if rank == 0 else list(run)
    run.close()
    note, *records = looped(WorkerShard).run(checkpoint)
    assert note.name == "resumed"
    return said(first), said(records)


def _work(rank, folder):
    found = {case: trained(*case, WorkerShard) for case in CASES}
    found["resumed"] = stopped_and_resumed(rank, folder)
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return on_two_workers(_work, tmp_path_factory.mktemp("workers"))


@pytest.mark.parametrize(("name", "micro_batch"), CASES)
def test_a_method_on_two_uneven_workers_learns_what_it_learns_on_one(found, name, micro_batch):
    expected = trained(name, micro_batch)
    steepest = max(float(value.abs().max()) for key, value in expected.items() if key.startswith("gradient"))
    for on_worker in found:
        seen = on_worker[name, micro_batch]
        assert seen.keys() == expected.keys()
        for key, value in expected.items():
            size = max(float(value.abs().max()), 0.01)
            # Not by its own size: the gradient of a bias before a norm is rounding alone.
            scale = max(steepest, 0.1) if key.startswith("gradient") else size
            close = 5e-5 if key.startswith("state") else 1e-5
            torch.testing.assert_close(seen[key] / scale, value / scale, rtol=0, atol=close, msg=lambda m, k=key: k + m)


def test_when_the_first_worker_stops_all_do_and_go_on_from_its_checkpoint(found, tmp_path):
    expected = said(looped().run(Checkpoint(tmp_path / "alone")))
    for on_worker in found:
        first, whole = on_worker["resumed"]
        assert [key.split()[1] for key in first] == ["1", "1", "1"]
        torch.testing.assert_close(whole, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("batch", "micro_batch", "parts"), [(9, None, [(0, 9)]), (9, 4, [(0, 3), (3, 6), (6, 9)])])
def test_one_process_has_all_of_a_batch(batch, micro_batch, parts):
    share = Shard(batch, micro_batch)
    assert (share.rows, share.chunks, share.cached) == (slice(0, 9), parts, micro_batch is not None)
