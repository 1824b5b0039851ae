"""Nearest neighbours to look at: a few validation samples, each with the training samples nearest to it in h.

By cosine similarity, as `knn` measures it. A picture and no number: nothing is chosen by it, no test label is read,
and every trial on the same data asks about the same samples. About 0.01 s and 25 kB a trial for images of 32x32.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric
from probeline.core.settings import Settings
from probeline.evaluation._shown_samples import shown_samples
from probeline.evaluation._tiles import name_of, rows_of, write_facts
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("image", "waveform", "tokens", "series", "vector")
METRICS: dict[str, Metric] = {}
PRIMARY = None


class Config(Settings):
    """How much is shown."""

    queries: int = Field(6, ge=1, le=50, description="Validation samples that are asked about, of as many classes.")
    k: int = Field(8, ge=1, le=50, description="Neighbours of each.")
    side: int = Field(32, ge=8, le=128, description="Pixels of a picture's longer side at most.")


class Neighbours(Protocol[Config]):
    """A sheet of pictures and a JSON file that says which stand in it, with their classes and similarities.

    Of texts the file has these, and there is no sheet.
    """

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        dataset = data.subject.dataset
        rows = rows_of(dataset.validation.labels, self.config.queries)
        near, index = nearest(data.validation.h[torch.from_numpy(rows)], data.train.h, self.config.k)
        parts = [(dataset.validation, rows), (dataset.train, index.flatten().numpy())]
        shown, pictures = shown_samples(parts, dataset.info.sample, self.config.side, folder / "neighbours.jpg")
        yield from pictures
        k, labels = index.shape[1], dataset.train.labels
        queries = [
            {
                "tile": query,
                "label": name_of(int(dataset.validation.labels[row]), data.classes),
                "near": [
                    {
                        "tile": len(rows) + query * k + rank,
                        "label": name_of(int(labels[index[query, rank]]), data.classes),
                        "similarity": round(float(near[query, rank]), 4),
                    }
                    for rank in range(k)
                ],
            }
            for query, row in enumerate(rows.tolist())
        ]
        facts = {**shown, "among": len(data.train.h), "queries": queries}
        yield Artifact("neighbours.json", write_facts(facts, folder / "neighbours.json"))


def nearest(queries: Tensor, keys: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Cosine similarities [Q, k], falling, of queries [Q, D] to the nearest of keys [N, D], and their rows [Q, k]."""
    similarity = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T
    near, index = similarity.topk(min(k, len(keys)), dim=1)
    return near.cpu(), index.cpu()
