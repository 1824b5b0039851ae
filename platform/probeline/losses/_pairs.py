"""What the losses on two views share: checks, precision, and who is compared with whom."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Negatives = Literal["both", "one"]


@dataclass(frozen=True)
class ViewComparison:
    """Anchors [N, D] against candidates [M, D]; anchor i's positive is candidate (i + `positive`) mod M.

    `own`: offsets of candidates that are the anchor itself. All other candidates are negatives.
    """

    anchors: Tensor
    candidates: Tensor
    positive: int
    own: tuple[int, ...]


def full_precision(z: Tensor) -> AbstractContextManager:
    """Switches autocast off: at temperature 0.1 bfloat16 similarities lose the order of close negatives."""
    return torch.autocast(z.device.type, enabled=False)


def two_views(za: Tensor, zb: Tensor) -> tuple[Tensor, Tensor]:
    """`za`, `zb` [B, D] in float32 or better. Raises ValueError where they are not two views of the same samples."""
    if za.ndim != 2 or za.shape != zb.shape or not za.numel():
        raise ValueError(f"za and zb are two views of the same samples, [B, D]; got {[*za.shape]} and {[*zb.shape]}")
    return at_least_float32(za), at_least_float32(zb)


def at_least_float32(z: Tensor) -> Tensor:
    """`z` in float32, or in float64 where it is."""
    return z if z.dtype == torch.float64 else z.float()


def above_zero(**values: float) -> None:
    """Raises ValueError that names the first value not above 0."""
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} is {value}; it must be above 0")


def one_of(name: str, value: str, *allowed: str) -> None:
    """Raises ValueError where `value` is none of the `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; allowed: {', '.join(allowed)}")


def compared(za: Tensor, zb: Tensor, negatives: Negatives, normalise: bool, scale: float = 1.0) -> list[ViewComparison]:
    """Every view of [B, D] `za`, `zb` as an anchor, so that anchor times candidate is `scale` times their similarity.

    `both`: one comparison of 2B views with 2B, 2(B-1) negatives each. `one`: an anchor's negatives are the other
    samples' views of its positive's side, B-1 each, as SimCLR tunes the losses of its table 4 (appendix B.10).
    """
    one_of("negatives", negatives, "both", "one")
    z = torch.cat([za, zb])
    z = (F.normalize(z, dim=1) if normalise else z) * scale**0.5
    b = len(za)
    if negatives == "both":
        return [ViewComparison(z, z, b, (0,))]
    return [ViewComparison(z[:b], z[b:], 0, ()), ViewComparison(z[b:], z[:b], 0, ())]


def positives(comparison: ViewComparison) -> Tensor:
    """[N] the similarity of each anchor with its positive, times the scale."""
    return (comparison.anchors * comparison.candidates.roll(-comparison.positive, 0)).sum(1)


def nothing(za: Tensor, zb: Tensor) -> Tensor:
    """0, for a batch in which nothing can be compared; its gradient is 0 too."""
    return 0.0 * (za.sum() + zb.sum())


def listed_pairs(za: Tensor, zb: Tensor, same: Tensor) -> tuple[Tensor, Tensor]:
    """`za`, `zb` [B, D] in float32 or better. Raises ValueError where `same` is not one truth value a pair, [B]."""
    if za.ndim != 2 or za.shape != zb.shape or not za.numel():
        raise ValueError(f"za and zb are the two samples of B pairs, [B, D]; got {[*za.shape]} and {[*zb.shape]}")
    if same.dtype != torch.bool or same.shape != za.shape[:1]:
        raise ValueError(f"same is bool [B], one for each of {len(za)} pairs; got {same.dtype} {[*same.shape]}")
    return at_least_float32(za), at_least_float32(zb)


def pair_distance(za: Tensor, zb: Tensor) -> Tensor:
    """[B] Euclidean distances of za and zb [B, D]; where they are equal, the gradient is 0."""
    squares = (za - zb).square().sum(1)
    apart = squares != 0  # not a number is apart
    return torch.where(apart, torch.where(apart, squares, 1.0).sqrt(), 0.0)
