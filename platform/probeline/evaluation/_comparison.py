"""How alike two samples of a split are: by their embeddings' distance or cosine, by what the method learned, by DTW."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.core.columns import Ragged
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData
from probeline.models.dtw import dtw_distances

Compare = Literal["euclidean", "cosine", "learned", "dtw"]
"""`learned`: by the method's own `similarity`; `dtw`: by warping the series themselves, whatever the encoder is."""

Space = Literal["h", "z"]

ELEMENTS = 2**24
"""Values in memory at a time."""


class SampleComparison:
    """Scores of pairs of a split's samples, higher for those more alike."""

    def __init__(self, data: EvaluationData, split: str, compare: Compare, space: Space) -> None:
        """`split`: train, validation or test.

        Raises:
            NotApplicable: the method has no z, or learned no comparison; or samples to be warped are no series.
        """
        self.compare, self.similarity = compare, data.subject.method.similarity
        spaces = getattr(data, split).spaces()
        if space not in spaces:
            raise NotApplicable("this method has no projector, so there is no z; compare samples in h")
        self.z = spaces[space]
        self.series = data.subject.dataset.split(split).inputs
        if compare == "dtw" and data.info.sample.modality != "series":
            raise NotApplicable(f"only series can be warped, and the samples are {data.info.sample.modality}s")

    def of_pairs(self, first: Tensor, second: Tensor) -> Tensor:
        """[P] scores of the pairs of rows `first` and `second`, int64 [P]."""
        if self.compare == "dtw":
            return self._warped(first, second)
        rows = max(1, ELEMENTS // self.z.shape[1])
        sides = zip(first.split(rows), second.split(rows), strict=True)
        return torch.cat([self._scores(self.z[one], self.z[other]) for one, other in sides])

    def matrix(self, queries: Tensor, keys: Tensor) -> Tensor:
        """[Q, N] scores of rows `queries` with rows `keys`."""
        if self.compare == "cosine":
            return F.normalize(self.z[queries], dim=1) @ F.normalize(self.z[keys], dim=1).T
        if self.compare == "euclidean":
            return -torch.cdist(self.z[queries], self.z[keys])
        first, second = queries.repeat_interleave(len(keys)), keys.repeat(len(queries))
        return self.of_pairs(first, second).unflatten(0, (len(queries), len(keys)))

    def _scores(self, first: Tensor, second: Tensor) -> Tensor:
        """[P] of embeddings [P, D]."""
        if self.compare == "euclidean":
            return -(first - second).square().sum(1).sqrt()
        if self.compare == "cosine":
            return F.cosine_similarity(first, second, dim=1)
        learned = self.similarity(first, second)
        if learned is None:
            raise NotApplicable("the method learned no comparison of pairs; compare by euclidean or cosine")
        return learned

    def _warped(self, first: Tensor, second: Tensor) -> Tensor:
        """Minus the cost of a step of the cheapest path."""
        assert isinstance(self.series, Ragged)
        series = np.asarray(self.series.values), np.asarray(self.series.offsets)
        costs = dtw_distances(series, first.cpu().numpy(), second.cpu().numpy(), by_path_length=True)
        return -torch.from_numpy(costs).to(first.device)
