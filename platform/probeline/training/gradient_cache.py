"""Gradient caching: the gradient of a whole batch's loss, with the activations of one chunk of samples at a time.

Gao, Zhang, Han, Callan: Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup, RepL4NLP 2021,
arXiv 2101.06983.

What is exact and what is not. Outputs of all chunks are computed without a graph, the loss is taken on all of them
together, its gradient with respect to the outputs is kept, and each chunk is computed again, from the same random
state, to carry its part of that gradient back. Where `forward` treats samples apart, the result is the full batch's
gradient up to rounding. Batch norm does not: each chunk is normalised by the statistics of its own samples (all their
views), as with small per-device batches. So a micro-batch decides numbers, and is part of a trial's id. Running
statistics move once a step, by the norm's own momentum, to the mean over the chunks of the chunks' statistics.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from probeline.core.batch import Batch, Outputs, Views, of_roles
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.models.running_statistics import one_update, tracking_norms
from probeline.training.data_parallel import Shard
from probeline.training.rng_state import random_state, restore

Precision = Callable[[], AbstractContextManager]


@dataclass(frozen=True)
class Step:
    """One step's outputs of the whole batch, detached where they were cached, its views, and the loss's terms."""

    outputs: Outputs
    views: Views
    terms: dict[str, Tensor]


def full_gradient(
    method: Method, batch: Batch, rng: SampleRNG, precision: Precision, share: Shard | None = None
) -> Step:
    """Adds the gradient of the batch's loss to the parameters' `.grad`, the whole batch at once.

    `precision` makes the context of the forward pass and the loss, such as an autocast. `share`: what `batch` is of the
    whole one; None: all of it.
    """
    share = share or Shard(len(batch))
    own = method.views(batch, rng)
    with precision():
        with share.forward(batch.inputs.device), one_update(method, [len(batch)]) as next_pass:
            next_pass()
            outputs = method(own)
        outputs, views = share.whole(outputs, own)
        terms = method.loss(outputs, views)
    terms["loss"].backward()
    return Step(outputs, views, terms)


def cached_gradient(method: Method, batch: Batch, rng: SampleRNG, precision: Precision, share: Shard) -> Step:
    """As `full_gradient`, with the activations of one of the share's chunks of samples, all their views, at a time.

    Views are made anew for each pass, and a pass begins from the random state of its chunk's first one. It takes about
    one forward pass longer than all at once.
    """
    device = batch.inputs.device
    chunks = [Chunk(method, batch, rng, *ends) for ends in share.chunks]
    states, seen, leaves = [], [], {}
    with share.forward(device), one_update(method, [len(chunk) for chunk in chunks]) as next_chunk:
        for chunk in chunks:
            next_chunk()
            states.append(random_state(device))
            views = chunk.views()
            with torch.no_grad(), precision():
                for name, part in method(views).named().items():
                    # Written in place: parts kept until the last chunk would cut the freed memory into pieces.
                    if name not in leaves:
                        leaves[name] = part.new_empty((chunk.whole(len(part)), *part.shape[1:]))
                    chunk.write(leaves[name], part)
            seen.append({"targets": views.targets, "index": views.index, "lengths": views.lengths})
    for leaf in leaves.values():
        leaf.requires_grad_(leaf.is_floating_point())
    with precision():
        outputs, views = share.whole(Outputs.of(leaves), WholeViews(chunks, seen))
        terms = method.loss(outputs, views)
    terms["loss"].backward()
    after = random_state(device)
    with running_statistics_still(method):
        for chunk, state in zip(chunks, states, strict=True):
            restore(state, device)
            with precision():
                again = method(chunk.views()).named()
            learned = [name for name, leaf in leaves.items() if leaf.grad is not None and again[name].requires_grad]
            torch.autograd.backward([again[n] for n in learned], [chunk.rows(leaves[n].grad) for n in learned])
            del again  # before the next chunk's activations are made
    restore(after, device)
    return Step(outputs.map(Tensor.detach), views, terms)


@dataclass(frozen=True)
class Chunk:
    """Samples `start` to `stop` of a batch; its views are made each time they are asked for, always the same."""

    method: Method
    batch: Batch
    rng: SampleRNG
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def views(self) -> Views:
        """The views of these samples: they depend on a sample's random numbers, not on its neighbours."""
        now = slice(self.start, self.stop)
        if self.batch.roles == 1:
            return self.method.views(self.batch[now], self.rng[now])
        positions = torch.arange(len(self.rng), device=self.rng.device)
        return self.method.views(self.batch[now], self.rng[of_roles(positions, now, self.batch.roles)])

    def rows(self, whole: Tensor) -> Tensor:
        """The rows of these samples in a view-major tensor [V * B, ...] of the batch: [V * len, ...]."""
        return self._within(whole).flatten(0, 1)

    def write(self, whole: Tensor, part: Tensor) -> None:
        """Writes `part` [V * len, ...] to those rows."""
        self._within(whole).copy_(part.unflatten(0, (-1, len(self))))

    def whole(self, rows: int) -> int:
        """V * B of the V * len `rows` of these samples."""
        return rows // len(self) * len(self.batch)

    def _within(self, whole: Tensor) -> Tensor:
        return whole.unflatten(0, (-1, len(self.batch)))[:, self.start : self.stop]


def join(parts: Sequence[Tensor], chunks: Sequence[Chunk]) -> Tensor:
    """View-major tensors of each chunk -> the view-major tensor of the batch."""
    apart = [part.unflatten(0, (-1, len(chunk))) for part, chunk in zip(parts, chunks, strict=True)]
    return torch.cat(apart, dim=1).flatten(0, 1)


class WholeViews(Views):
    """The views of all chunks, for losses that read more than outputs.

    Its `inputs` are made when they are asked for, and not kept: they could take as much memory as the cache saves.
    """

    _chunks: Sequence[Chunk]

    def __init__(self, chunks: Sequence[Chunk], seen: Sequence[Mapping[str, Tensor | None]]) -> None:
        """`seen`: each chunk's `targets`, `index` and `lengths`."""
        object.__setattr__(self, "_chunks", chunks)
        for name in seen[0]:
            parts = [part for one in seen if (part := one[name]) is not None]
            object.__setattr__(self, name, join(parts, chunks) if parts else None)

    @property
    def inputs(self) -> Tensor:
        return join([chunk.views().inputs for chunk in self._chunks], self._chunks)


@contextmanager
def running_statistics_still(method: Method) -> Iterator[None]:
    """Batch norms normalise by their inputs' statistics as before, and move nothing."""
    norms = tracking_norms(method)
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True
