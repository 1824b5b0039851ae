"""Surprise of tokens under scores that are products with the vocabulary's vectors.

The scores [N, V] are the largest tensor of a language model's step. Here they are made once and turned into
exponentials in place, and no gradient of them is made: with e the exponentials, s their sums and g the gradient of the
surprise, the vectors' gradient is g / s * (e @ vocabulary) - g * vocabulary[targets], and the vocabulary's likewise. A
cross entropy on top of a linear layer holds three such tensors more.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

VALUES_AT_ONCE = 2**20
"""Scores of a block of rows, which stay in the processor's cache: 4 MiB in float32."""


def surprise(vectors: Tensor, vocabulary: Tensor, targets: Tensor) -> Tensor:
    """-log of the probability of each target, nats, with a gradient.

    Args:
        vectors: [..., D].
        vocabulary: [V, D]; the score of token v is its product with a vector.
        targets: int64 [...].
    """
    rows, wanted = vectors.flatten(0, -2), targets.flatten()
    if rows.device.type == "cpu" and rows.dtype == torch.float32 and not torch.is_autocast_enabled("cpu"):
        return _Surprise.apply(rows, vocabulary, wanted).view_as(targets)
    return F.cross_entropy(F.linear(rows, vocabulary), wanted, reduction="none").view_as(targets)


class _Surprise(torch.autograd.Function):
    """rows [N, D], vocabulary [V, D], targets [N] -> [N]."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, vocabulary: Tensor, targets: Tensor) -> Tensor:
        scores = rows @ vocabulary.T
        nats, inverse = rows.new_empty(len(rows)), rows.new_empty(len(rows))
        for block in _blocks(scores):
            part = scores[block]
            right, highest = part.gather(1, targets[block, None])[:, 0], part.amax(1)
            total = part.sub_(highest[:, None]).exp_().sum(1)
            nats[block] = total.log() + highest - right
            inverse[block] = 1 / total
        ctx.save_for_backward(rows, vocabulary, targets, scores, inverse)
        return nats

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        rows, vocabulary, targets, exponentials, inverse = ctx.saved_tensors
        share, weight = (gradient * inverse)[:, None], gradient[:, None]
        of_rows = (exponentials @ vocabulary).mul_(share).sub_(vocabulary[targets] * weight)
        of_vocabulary = exponentials.T @ (rows * share)
        return of_rows, of_vocabulary.index_add_(0, targets, rows * weight, alpha=-1), None


def _blocks(scores: Tensor) -> list[slice]:
    size = max(1, VALUES_AT_ONCE // scores.shape[1])
    return [slice(start, start + size) for start in range(0, len(scores), size)]
