"""What classical metric learners share: a linear map of a frozen encoder's h, fitted once to the training split."""

from abc import abstractmethod
from typing import cast

import numpy as np
import torch
from torch import Tensor

from probeline.core.dataset import DatasetInfo, Split
from probeline.core.encoder import Encoder
from probeline.core.lists import PairList
from probeline.core.method import C, Method
from probeline.data.pair_lists import checked, drawn_pairs
from probeline.errors import BadData
from probeline.methods._constraint_settings import ConstraintSettings
from probeline.models.metric_learning.mapped_encoder import MappedEncoder

MAX_DIM = 2048
"""Values of h: the metric is a matrix with as many rows and columns, which is decomposed many times."""

MAX_SAMPLES = 6000
"""Of methods that compare every training sample with every other one."""


class LinearMap(Method[C]):
    """A frozen encoder f and a map L: h = L (f(x) - m). A subclass says how L is learned.

    `training.epochs` is without effect: the problem is convex or has a closed form.
    """

    trains, closed_form = False, True

    def __init__(self, config: C, encoder: Encoder, facts: DatasetInfo) -> None:
        if encoder.dim > MAX_DIM:
            raise BadData(
                f"{self._name()}: h has {encoder.dim:,} values; at most {MAX_DIM:,} make a metric: take smaller "
                "samples or an encoder with a smaller h"
            )
        super().__init__(config, MappedEncoder(encoder, self.size(config, encoder.dim, facts)), facts)
        self.seed = int(torch.randint(2**31, ()))

    def size(self, config: C, dim: int, facts: DatasetInfo) -> int:
        """How many values L gives, of `dim`."""
        return dim

    @abstractmethod
    def learn(self, x: np.ndarray, split: Split) -> np.ndarray:
        """L [P, D] from x, float64 [N, D], the h of the training split. Raises BadData, ValueError."""

    @torch.no_grad()
    def fit(self, h: Tensor, split: Split) -> None:
        try:
            learned = torch.from_numpy(np.ascontiguousarray(self.learn(h.double().cpu().numpy(), split)))
        except (ValueError, np.linalg.LinAlgError) as error:
            raise BadData(f"{self._name()}: {error}") from error
        cast(MappedEncoder, self.encoder).learned(learned, h.double().mean(0))

    def labelled(self, x: np.ndarray, split: Split) -> tuple[np.ndarray, np.ndarray]:
        """The rows of x that have a main label, and their labels. Raises BadData: too many of them, or one class."""
        rows = np.flatnonzero(split.labels >= 0)
        if len(rows) > MAX_SAMPLES:
            raise BadData(
                f"{self._name()} compares all pairs of training samples: {len(rows):,} are too many; set "
                f"data.train_size to {MAX_SAMPLES:,} or less"
            )
        if len(np.unique(split.labels[rows])) < 2:
            raise BadData(f"{self._name()} needs training samples of two classes or more")
        return x[rows], split.labels[rows]

    def constraints(self, split: Split, settings: ConstraintSettings) -> PairList:
        """The pairs to learn from. Raises BadData where they contradict each other or are of one kind."""
        if settings.pairs is None:
            return drawn_pairs(split.labels, settings.constraints, self.seed)
        listed = split.lists.get(settings.pairs)
        if not isinstance(listed, PairList) or listed.same is None:
            there = ", ".join(name for name, each in split.lists.items() if isinstance(each, PairList)) or "none"
            raise BadData(f"{self._name()}: the training split has no list of pairs {settings.pairs!r}; it has {there}")
        count = settings.constraints
        wanted = min(len(listed), max(1, round(count * len(listed))) if count < 1 else round(count))
        rows = np.random.Generator(np.random.PCG64(self.seed)).choice(len(listed), wanted, replace=False)
        chosen = checked(listed.map(lambda array: array[rows]))
        if chosen.same is None or chosen.same.all() or not chosen.same.any():
            raise BadData(f"{self._name()}: must-link and cannot-link pairs are needed; {wanted:,} were of one kind")
        return chosen

    def _name(self) -> str:
        return type(self).__name__
