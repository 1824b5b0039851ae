"""Batch norm whose rows lie on several workers, or in groups of a batch.

The statistics over all workers are those of Ioffe and Szegedy, arXiv 1502.03167, algorithm 1, of the whole batch: how
many workers share it then changes a result by rounding only. torch's SyncBatchNorm takes CUDA tensors alone and has no
groups.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode


class SharedNorms(TorchFunctionMode):
    """While entered, every `batch_norm` in training takes its statistics over the rows of all workers.

    It replaces the function, not modules: that reaches every caller, such as timm's norms with an activation, and
    leaves nothing to restore for a protocol that trains alone afterwards. All workers must enter it and pass the same
    modules in the same order. Its gradients are those of the sum of all workers' losses.
    """

    now: ClassVar["SharedNorms | None"] = None

    def __init__(self, samples: int, start: int) -> None:
        """`samples`: of the whole batch; `start`: the first one of this worker."""
        super().__init__()
        self.samples, self.start = samples, start
        self.parts: Sequence[Tensor | slice] = (slice(None),)

    def __enter__(self) -> Self:
        SharedNorms.now = self
        return super().__enter__()

    def __exit__(self, *raised: object) -> None:
        SharedNorms.now = None
        super().__exit__(*raised)

    @contextmanager
    def by_parts(self, parts: Sequence[Tensor]) -> Iterator[None]:
        """Meanwhile each part of the batch has statistics of its own; `parts`: this worker's rows in each."""
        self.parts = parts
        try:
            yield
        finally:
            self.parts = (slice(None),)

    def __torch_function__(self, func: Callable, types: Sequence, args: tuple = (), kwargs: dict | None = None) -> Any:
        if func is F.batch_norm:
            return self._batch_norm(*args, **kwargs or {})
        return func(*args, **kwargs or {})

    def _batch_norm(
        self,
        x: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        """What `torch.nn.functional.batch_norm` takes and gives: x [N, C, ...]."""
        if not training:
            return F.batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
        y, means, squares, counts = _Normalised.apply(x, weight, bias, eps, self.parts)
        if running_mean is not None and running_var is not None:
            weights = counts / counts.sum()
            running_mean.lerp_((weights * means).sum(0).to(running_mean.dtype), momentum)
            running_var.lerp_((weights * squares / (counts - 1)).sum(0).to(running_var.dtype), momentum)
        return y


def batch_rows(inputs: Tensor) -> int:
    """Samples of the whole batch that `inputs` [B, ...] are rows of: B, or more where others have the rest."""
    return len(inputs) if SharedNorms.now is None else SharedNorms.now.samples


class _Normalised(torch.autograd.Function):
    """y of x [N, C, ...], and of each part over all workers mean [C], sum of squares about it [C], number of values.

    `parts`: the rows of this worker in each, possibly none. A weight's and a bias's gradient is of this worker's rows,
    as it is for any other parameter.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float, parts: Sequence[Tensor | slice]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        counts, means, squares = _over_workers(torch.stack([_moments(x[rows]) for rows in parts]))
        y = torch.empty_like(x)
        for rows, mean, variance in zip(parts, means, squares / counts, strict=True):
            if len(x[rows]):
                y[rows] = F.batch_norm(x[rows], mean, variance, weight, bias, False, 0.0, eps)
        ctx.save_for_backward(x, weight, means, squares / counts, counts)
        ctx.parts, ctx.eps, ctx.biased = parts, eps, bias is not None
        ctx.mark_non_differentiable(means, squares, counts)
        return y, means, squares, counts

    @staticmethod
    def backward(
        ctx: Any, upstream: Tensor, *others: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor | None, None, None]:
        x, weight, means, variances, counts = ctx.saved_tensors
        upstream, to_x = upstream.contiguous(memory_format=_layout(x)), torch.empty_like(x)
        own = means.new_zeros(len(means), 2, means.shape[1])  # sums of dL/dy times the normalised x, and of dL/dy
        parts = [part for part in enumerate(ctx.parts) if len(x[part[1]])]
        for k, rows in parts:  # as if mean and variance were given
            statistics = (means[k], variances[k], None, None, False, ctx.eps, [True, True, True])
            gradients = torch.ops.aten.native_batch_norm_backward(upstream[rows], x[rows], weight, *statistics)
            to_x[rows], own[k, 0], own[k, 1] = gradients
        dist.all_reduce(whole := own.clone())
        for k, rows in parts:  # and what reaches x through them
            scale = (variances[k] + ctx.eps).rsqrt() * (1 if weight is None else weight)
            slope, level = -scale * whole[k] / counts[k]
            to_x[rows] += F.batch_norm(x[rows], means[k], variances[k], slope, level, False, 0.0, ctx.eps)
        to_weight, to_bias = own.sum(0)
        return to_x, None if weight is None else to_weight, to_bias if ctx.biased else None, None, None


def _moments(x: Tensor) -> Tensor:
    """[1 + 2C]: how many values a channel has, their mean, and the sum of squares about it, in float32 or better."""
    wide, count = x.to(torch.promote_types(x.dtype, torch.float32)), x.numel() // x.shape[1]
    if not count:
        return wide.new_zeros(1 + 2 * x.shape[1])
    mean, variance = torch.batch_norm_update_stats(wide, None, None, 0.0)
    return torch.cat([wide.new_full((1,), count), mean, variance * count])


def _over_workers(own: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Counts [G, 1], means and sums of squares [G, C] of the values of all workers, from each one's [G, 1 + 2C].

    Source: Chan, Golub, LeVeque 1979, updating formulae for sample variances. In the same order on all workers, so
    that they agree to the bit.
    """
    each = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    dist.all_gather(each, own)
    counts, means, squares = torch.stack(each).tensor_split([1, 1 + own.shape[1] // 2], dim=2)
    count = counts.sum(0)
    mean = (counts * means).sum(0) / count
    return count, mean, (squares + counts * (means - mean).square()).sum(0)


def _layout(x: Tensor) -> torch.memory_format:
    """The layout of x in memory, which its gradient should share."""
    last = x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format
