"""Retrieval: every test sample asks for the others of its class, and its nearest ones answer.

Musgrave, Belongie, Lim: A Metric Learning Reality Check, ECCV 2020, arXiv 2003.08505. Nothing is chosen.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from probeline.core.events import Record
from probeline.core.metric import count, percentage
from probeline.core.settings import NameOf, Settings
from probeline.errors import NotApplicable
from probeline.evaluation._comparison import SampleComparison
from probeline.evaluation._ranking import Ranking, ranking
from probeline.evaluation.base import EvaluationData, Protocol

DETERMINISTIC = True
NEEDS = ("labels",)
METRICS = {
    "recall/<k>": percentage("recall@<k>"),
    "r_precision": percentage("R-precision"),
    "map_at_r": percentage("MAP@R"),
    "validation_map_at_r": percentage("MAP@R on the validation split"),
    "queries": count("queries of the retrieval"),
}
PRIMARY = "map_at_r"


class Config(Settings):
    """Samples of the test split are queries and gallery; none retrieves itself."""

    label: Annotated[str | None, NameOf("labels")] = None
    recall: tuple[int, ...] = Field((1, 5, 10), min_length=1)
    compare: Literal["euclidean", "cosine", "learned", "dtw"] = "euclidean"
    space: Literal["h", "z"] = "h"


class Retrieval(Protocol[Config]):
    """Recall@k: whether one of the k nearest is of the class. R-precision, MAP@R: over the R nearest."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record]:
        name = data.label_name(self.config.label)
        of_validation = self._ranking(data, "validation", data.validation.label(name))
        if of_validation is not None:
            yield Record("validation_map_at_r", of_validation.map_at_r)
        result = self._ranking(data, "test", data.test.reveal(name))
        if result is None:
            raise NotApplicable("retrieval needs a class with two labelled test samples or more; there is none")
        yield Record("queries", float(result.queries))
        yield from (Record(f"recall/{k}", value) for k, value in result.recall.items())
        yield Record("r_precision", result.r_precision)
        yield Record("map_at_r", result.map_at_r)

    def _ranking(self, data: EvaluationData, split: str, labels: Tensor) -> Ranking | None:
        comparison = SampleComparison(data, split, self.config.compare, self.config.space)
        return ranking(comparison.matrix, labels, self.config.recall)
