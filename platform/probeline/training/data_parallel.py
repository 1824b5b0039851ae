"""What one worker has of each batch, and how workers make one step of it, with the numbers of a single process.

A batch is cut in order. Views depend on (seed, epoch, sample), so a slice has those that it would have in the whole.
Each worker passes its slice through the network; then all have the outputs of the whole batch, compute the same loss,
take the mean of their gradients, which is the whole batch's (see `distributed`), and do the same after the step. Batch
norm, where rows meet within the network, takes its statistics over all workers, or with `training.micro_batch` over a
micro-batch as ever, as each of these lies on one worker. So the number of workers changes results by rounding alone and
is no part of a trial's id; the per-device statistics of the papers' codes are a micro-batch of batch / devices.

One thing is a worker's own: noise that a network draws within its forward pass, such as dropout.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import pairwise
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from probeline.core.batch import Outputs, Views
from probeline.experiment.schema import Training
from probeline.models.running_statistics import tracking_norms
from probeline.models.shared_norm import SharedNorms
from probeline.training.distributed import average_gradients, from_first, gather, weighted_sum
from probeline.training.rng_state import random_state, restore, seed_generators

Ends = tuple[int, int]


def ranges(samples: int, parts: int) -> list[Ends]:
    """(start, stop) of `parts` parts in order, whose sizes differ by one at most."""
    return list(pairwise(samples * index // parts for index in range(parts + 1)))


def chunks_of(batch: int, micro_batch: int | None) -> list[Ends]:
    """The fewest even chunks of at most `micro_batch` samples; None: one.

    Even, as a last one of a single sample would have no batch statistics.
    """
    return ranges(batch, -(-batch // (micro_batch or batch)))


class Shard:
    """The whole of every batch, in one process; `chunks`: the samples in memory at a time."""

    workers = 1

    def __init__(self, batch: int, micro_batch: int | None = None) -> None:
        self.rows, self.chunks = slice(0, batch), chunks_of(batch, micro_batch)
        self.cached = len(self.chunks) > 1

    def forward(self, device: torch.device) -> AbstractContextManager:
        """Where `method.forward` is called."""
        return nullcontext()

    def whole(self, outputs: Outputs, views: Views) -> tuple[Outputs, Views]:
        """The whole batch's, of those of this share."""
        return outputs, views

    def labels(self, labels: Tensor) -> Tensor:
        """The whole batch's, of those of this share."""
        return labels

    def reduce_gradients(self, method: nn.Module) -> None:
        """Makes gradients and running statistics, just come from this share, those of the whole batch."""

    def broadcast(self, value: Any) -> Any:
        """The first worker's `value`."""
        return value

    def any(self, wish: bool) -> bool:
        """Whether some worker has that wish."""
        return wish

    def broadcast_parameters(self, modules: Iterable[nn.Module]) -> None:
        """Gives all workers the first one's tensors, so that no rounding on a device of its own adds up."""


class WorkerShard(Shard):
    """The slice of one of several workers; torch's default process group joins them."""

    def __init__(self, training: Training) -> None:
        """Raises ValueError where there are fewer samples, or micro-batches, than workers."""
        self.rank, self.workers = dist.get_rank(), dist.get_world_size()
        self.batch, micro_batch = training.batch_size, training.micro_batch or training.batch_size
        self.alone = micro_batch < self.batch  # a micro-batch as large as the batch is the batch
        whole = chunks_of(self.batch, micro_batch if self.alone else 1)
        if len(whole) < self.workers:
            raise ValueError(f"{self.workers} workers for {len(whole)} parts of a batch")
        held = [whole[start:stop] for start, stop in ranges(len(whole), self.workers)]
        self.samples = [ends[-1][1] - ends[0][0] for ends in held]
        start, stop = held[self.rank][0][0], held[self.rank][-1][1]
        self.rows = slice(start, stop)
        self.chunks = (
            [(low - start, high - start) for low, high in held[self.rank]] if self.alone else [(0, stop - start)]
        )
        self.cached = self.alone and max(len(chunks) for chunks in held) > 1  # the same way on all, as they meet in it

    @contextmanager
    def forward(self, device: torch.device) -> Iterator[None]:
        """Batch norm over all workers, unless by micro-batches; noise of this worker's own, and the same after it."""
        state = random_state(device)
        if self.rank:
            seed_generators(torch.initial_seed() + self.rank, device)
        with nullcontext() if self.alone else SharedNorms(self.batch, self.rows.start):
            yield
        restore(state, device)

    def whole(self, outputs: Outputs, views: Views) -> tuple[Outputs, Views]:
        return outputs.map(lambda rows: gather(rows, self.samples)), JoinedViews(views, self.samples)

    def labels(self, labels: Tensor) -> Tensor:
        return gather(labels, self.samples)

    def reduce_gradients(self, method: nn.Module) -> None:
        average_gradients(method.parameters())
        if self.alone:  # each worker's norms have moved by its own micro-batches
            buffers = [buffer for norm in tracking_norms(method) for buffer in (norm.running_mean, norm.running_var)]
            statistics = [buffer for buffer in buffers if buffer is not None]
            weighted_sum(statistics, self.samples[self.rank] / self.batch)

    def broadcast(self, value: Any) -> Any:
        values = [value]
        dist.broadcast_object_list(values, 0, device=torch.device("cpu"))
        return values[0]

    def any(self, wish: bool) -> bool:
        wishes = [False] * len(self.samples)
        dist.all_gather_object(wishes, wish)
        return any(wishes)

    def broadcast_parameters(self, modules: Iterable[nn.Module]) -> None:
        from_first([tensor for module in modules for tensor in module.state_dict().values()])


def shard_of(training: Training, workers: int) -> Shard:
    """This process's part of each batch, where the training has `workers`."""
    return Shard(training.batch_size, training.micro_batch) if workers == 1 else WorkerShard(training)


class JoinedViews(Views):
    """The views of all workers, for losses that read more than outputs; `inputs` are sent when they are asked for."""

    _own: Views
    _samples: Sequence[int]

    def __init__(self, own: Views, samples: Sequence[int]) -> None:
        object.__setattr__(self, "_own", own)
        object.__setattr__(self, "_samples", samples)
        for name in ("targets", "index", "lengths"):
            part = getattr(own, name)
            object.__setattr__(self, name, None if part is None else gather(part, samples))

    @property
    def inputs(self) -> Tensor:
        return gather(self._own.inputs, self._samples)
