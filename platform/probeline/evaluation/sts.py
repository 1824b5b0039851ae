"""Semantic textual similarity: rank correlation of cosine similarities with what people judged.

Cer et al.: SemEval-2017 Task 1, arXiv 1708.00055; Spearman's coefficient as Reimers and Gurevych, arXiv 1908.10084. The
interval is a percentile bootstrap over pairs. Nothing is learned or chosen.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydantic import Field
from scipy.stats import rankdata
from torch import Tensor
from torch.nn import functional as F

from probeline.core.events import Record
from probeline.core.metric import Metric, count
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("tokens",)
NEEDS = ("pairs",)
DETERMINISTIC = True
METRICS = {
    "spearman": Metric("rank correlation with judged similarity", direction="higher", bounds=(-1.0, 1.0)),
    "pearson": Metric("correlation with judged similarity", direction="higher", bounds=(-1.0, 1.0)),
    "low": Metric("lower end of the interval of the rank correlation", bounds=(-1.0, 1.0)),
    "high": Metric("upper end of the interval of the rank correlation", bounds=(-1.0, 1.0)),
    "pairs": count("judged pairs of texts"),
}
PRIMARY = "spearman"


class Config(Settings):
    """The score is a label of both texts of a pair, in any unit."""

    pairs: str | None = Field(None, description="Name of the list of pairs; null: the only one.")
    score: str = Field("score", description="Name of the label that people gave.")
    resamples: int = Field(1000, ge=100, description="Bootstrap samples of the interval.")
    confidence: float = Field(0.95, gt=0.5, lt=1)


class TextSimilarity(Protocol[Config]):
    """Of the test split's pairs."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record]:
        name, pairs = data.pairs("test", self.config.pairs)
        if len(pairs) < 3:
            raise NotApplicable(f"{len(pairs)} pairs {name!r}: a correlation needs three or more")
        h = data.test.h
        similarity = _cosines(h, pairs.first, pairs.second)
        judged = data.test.reveal(self.config.score).cpu().numpy()[pairs.first].astype(float)
        if judged.std() == 0:
            raise NotApplicable(f"all pairs have the same {self.config.score}: there is nothing to correlate")
        low, high = self._interval(similarity, judged, data.subject.seed)
        yield Record("pairs", float(len(pairs)))
        yield Record("spearman", spearman(similarity, judged))
        yield Record("pearson", correlation(similarity, judged))
        yield from (Record("low", low), Record("high", high))

    def _interval(self, similarity: np.ndarray, judged: np.ndarray, seed: int) -> tuple[float, float]:
        random = np.random.default_rng(seed)
        rows = random.integers(len(judged), size=(self.config.resamples, len(judged)))
        values = [spearman(similarity[some], judged[some]) for some in rows]
        tail = (1 - self.config.confidence) / 2
        low, high = np.quantile(values, [tail, 1 - tail])
        return float(low), float(high)


def _cosines(h: Tensor, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """float64 [P] of rows of h [N, D]."""
    return F.cosine_similarity(h[first], h[second], dim=1).double().cpu().numpy()


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Correlation of the ranks, of equals the mean rank; [P] each."""
    return correlation(rankdata(first), rankdata(second))


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's coefficient of [P] and [P]; 0 where one does not vary."""
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / scale) if scale else 0.0
