"""Batch norm's running statistics, moved once a step however many forward passes the step takes.

A batch that is normalised in parts (groups of a batch, chunks of gradient caching, one view after the other) would
otherwise move them once a part: with momentum 0.1 and eight parts 43% of the old value is kept, and the last part
counts twice as much as the first. Ioffe and Szegedy, arXiv 1502.03167, keep a moving average over training steps.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm


def tracking_norms(module: nn.Module) -> list[BatchNorm]:
    """The batch norms of `module` that are moving their running statistics."""
    norms = [part for part in module.modules() if isinstance(part, BatchNorm)]
    return [norm for norm in norms if norm.training and norm.track_running_stats]


@contextmanager
def one_update(module: nn.Module, sizes: Sequence[int]) -> Iterator[Callable[[], None]]:
    """Call what it yields before each forward pass of `sizes[k]` samples: all passes then count as one update.

    With momentum m and weights w_k = sizes[k] / sum(sizes), pass k moves by m w_k / (1 - m sum_{j > k} w_j), so that
    after the last one the old value has kept 1 - m and every pass has m w_k. `num_batches_tracked` rises by one. A pass
    may be a further `one_update`, whose passes then share its weight.
    """
    norms = tracking_norms(module)
    momenta, counters = [norm.momentum for norm in norms], [norm.num_batches_tracked for norm in norms]
    steps = [1 / (1 + int(cast(Tensor, n))) if m is None else m for m, n in zip(momenta, counters, strict=True)]
    weights = iter([(size / sum(sizes), sum(sizes[k + 1 :]) / sum(sizes)) for k, size in enumerate(sizes)])

    def next_pass() -> None:
        weight, later = next(weights)
        for norm, step in zip(norms, steps, strict=True):
            norm.momentum = step * weight / (1 - step * later)

    for norm in norms:
        norm.num_batches_tracked = None
    try:
        yield next_pass
    finally:
        for norm, momentum, counter in zip(norms, momenta, counters, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, counter
    counting = [norm.training for norm in norms]  # a forward pass may have switched some of them off
    if moved := [counter for counter, counts in zip(counters, counting, strict=True) if counts and counter is not None]:
        torch._foreach_add_(moved, 1)


def in_one_update(
    module: nn.Module, parts: Sequence[Tensor], forward: Callable[[Tensor], Tensor] | None = None
) -> list[Tensor]:
    """`forward` (None: `module`) of each part [B, ...] in turn, as one update of the running statistics of `module`."""
    outputs, forward = [], module if forward is None else forward
    with one_update(module, [len(part) for part in parts]) as next_pass:
        for part in parts:
            next_pass()
            outputs.append(forward(part))
    return outputs
