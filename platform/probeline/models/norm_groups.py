"""Batch norm by groups of a batch's samples.

Shuffling batch norm of MoCo (arXiv 1911.05722, section 3.3) needs several groups of one batch, each with statistics of
its own. On the CPU each group passes the network alone, which its cache likes. On a device that would launch every
kernel once a group: there all pass together, and within each batch norm the groups lie side by side as channels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from probeline.core.device_constants import constant
from probeline.models.running_statistics import one_update
from probeline.models.shared_norm import SharedNorms


@dataclass(frozen=True)
class Groups:
    """`count` groups of `samples` rows, whose sizes differ by one at most: of neighbours, or of rows some way apart.

    Rows i and i + 1 are in one group of neighbours, but for its last row, and in no group of the other kind.
    """

    samples: int
    count: int
    apart: bool = False

    def rows(self) -> list[Tensor]:
        """The rows of each group, int64 on the CPU."""
        rows = torch.arange(self.samples)
        if self.apart:
            rows = torch.cat([rows[start :: self.count] for start in range(self.count)])
        return list(rows.tensor_split(self.count))

    @property
    def sizes(self) -> list[int]:
        """The rows that each group has."""
        return [self.samples // self.count + (group < self.samples % self.count) for group in range(self.count)]


def in_groups(module: nn.Module, inputs: Tensor, groups: Groups, lengths: Tensor | None = None) -> Tensor:
    """`module` of inputs [B, ...], row by row but for batch norm, whose statistics are each group's own.

    Running statistics move once, to the mean over the groups of the groups' statistics, weighed by size. Where several
    workers share the batch, `inputs` are this one's rows of it. `lengths`: [B], which `module` then takes too.
    """
    given = (inputs,) if lengths is None else (inputs, lengths)
    shared = SharedNorms.now
    if shared is not None:
        with shared.by_parts(_own_rows(groups, shared.start, shared.start + len(inputs), inputs.device)):
            return module(*given)
    if groups.count == 1:
        return module(*given)
    order, back = _order(groups, inputs.device)
    ordered, sizes = [each[order] for each in given] if groups.apart else given, groups.sizes
    outputs = _together(module, ordered, sizes) if inputs.is_cuda else _one_by_one(module, ordered, sizes)
    return outputs[back] if groups.apart else outputs


def _one_by_one(module: nn.Module, given: Sequence[Tensor], sizes: Sequence[int]) -> Tensor:
    outputs = []
    with one_update(module, sizes) as next_pass:
        for part in zip(*(each.split(sizes) for each in given), strict=True):
            next_pass()
            outputs.append(module(*part))
    return torch.cat(outputs)


def _together(module: nn.Module, given: Sequence[Tensor], sizes: Sequence[int]) -> Tensor:
    with GroupedNorms(sizes):
        return module(*given)


@lru_cache(maxsize=64)
def _order(groups: Groups, device: torch.device) -> tuple[Tensor, Tensor]:
    """The rows group by group, and where each row stands in that order."""
    order = torch.cat(groups.rows())
    return order.to(device), order.argsort().to(device)


@lru_cache(maxsize=64)
def _own_rows(groups: Groups, start: int, stop: int, device: torch.device) -> tuple[Tensor, ...]:
    """Of each group the rows from `start` on and below `stop`, counted from `start`."""
    return tuple((rows[(rows >= start) & (rows < stop)] - start).to(device) for rows in groups.rows())


class _Moved(NamedTuple):
    """A norm's running statistics [C], those of each group [G, C], and its momentum."""

    running_mean: Tensor
    running_var: Tensor
    means: Tensor
    variances: Tensor
    momentum: float


class GroupedNorms(TorchFunctionMode):
    """While entered, every `batch_norm` in training takes its statistics over stretches of its rows, one after another.

    It replaces the function, not modules, so that it reaches every caller. Running statistics move when it is left.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        """`sizes`: of the stretches; all inputs of a `batch_norm` have their sum as rows."""
        super().__init__()
        self.sizes, self.stretches = sizes, [(size, len(list(same))) for size, same in groupby(sizes)]
        self.moved: list[_Moved] = []

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)
        for momentum in {moved.momentum for moved in self.moved}:
            self._move([moved for moved in self.moved if moved.momentum == momentum], momentum)

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
        outputs, statistics = [], []
        for rows, count in self._split(x):
            statistics.append(torch.zeros(2, count * x.shape[1], dtype=_wide(x.dtype), device=x.device))
            mean, variance = statistics[-1]
            scale, shift = (None if one is None else one.expand(count, -1).reshape(-1) for one in (weight, bias))
            normed = F.batch_norm(_side_by_side(rows, count), mean, variance, scale, shift, True, 1.0, eps)
            outputs.append(_one_below_the_other(normed, count))
        if running_mean is not None and running_var is not None:
            means, variances = torch.cat([one.view(2, -1, x.shape[1]) for one in statistics], dim=1)
            self.moved.append(_Moved(running_mean, running_var, means, variances, momentum))
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

    def _split(self, x: Tensor) -> Iterator[tuple[Tensor, int]]:
        """The rows of groups of one size, and how many groups they are."""
        rows = x.split([size * count for size, count in self.stretches])
        return zip(rows, [count for _, count in self.stretches], strict=True)

    @torch.no_grad()
    def _move(self, norms: Sequence[_Moved], momentum: float) -> None:
        """Moves the running statistics of all norms at once."""
        channels = [len(norm.running_mean) for norm in norms]
        shares = constant(tuple(size / sum(self.sizes) for size in self.sizes), norms[0].means.device)[:, None]
        for running, statistics in (
            ([norm.running_mean for norm in norms], [norm.means for norm in norms]),
            ([norm.running_var for norm in norms], [norm.variances for norm in norms]),
        ):
            mean = (shares * torch.cat(statistics, dim=1)).sum(0).split(channels)
            torch._foreach_lerp_(running, [one.to(own.dtype) for one, own in zip(mean, running, strict=True)], momentum)


def _wide(dtype: torch.dtype) -> torch.dtype:
    """In which statistics are held: float32 or better."""
    return torch.promote_types(dtype, torch.float32)


def _side_by_side(x: Tensor, groups: int) -> Tensor:
    """[G n, C, ...] -> [n, G C, ...], channels last in memory, as x should be."""
    last = x.permute(0, *range(2, x.ndim), 1).unflatten(0, (groups, -1))  # [G, n, ..., C]
    joined = last.movedim(0, -2).flatten(-2)
    return joined.permute(0, -1, *range(1, x.ndim - 1))


def _one_below_the_other(x: Tensor, groups: int) -> Tensor:
    """[n, G C, ...] -> [G n, C, ...], the inverse, channels last in memory."""
    last = x.permute(0, *range(2, x.ndim), 1).unflatten(-1, (groups, -1))  # [n, ..., G, C]
    joined = last.movedim(-2, 0).flatten(0, 1)
    return joined.permute(0, -1, *range(1, x.ndim - 1))
