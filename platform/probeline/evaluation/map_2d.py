"""h in two dimensions to look at: a few hundred validation samples by t-SNE and by their principal components.

van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 9, 2008; here over cosine distances, those of `knn`, from the
principal components. A picture and no number: distances between far groups of a t-SNE mean little, and nothing is
chosen by it. No test label is read, and every trial on the same data shows the same samples. About 0.4 s of a
processor (and 1.3 s once, to load scikit-learn) and 95 kB a trial for 240 images of 32x32.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation._shown_samples import shown_samples
from probeline.evaluation._tiles import rows_of, write_facts
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("image", "waveform", "tokens", "series", "vector")
METRICS: dict[str, Metric] = {}
PRIMARY = None

LEAST = 5
"""Samples: of fewer there is nothing to see."""


class Config(Settings):
    """`maps`: in the order in which a report shows them."""

    maps: tuple[Literal["tsne", "pca"], ...] = Field(("tsne", "pca"), min_length=1)
    samples: int = Field(240, ge=LEAST, le=2000, description="Validation samples, as many of each class as can be.")
    perplexity: float = Field(30, gt=1, description="Of t-SNE; a third of the samples at most.")
    side: int = Field(32, ge=8, le=128, description="Pixels of a thumbnail's longer side at most.")


class Map2d(Protocol[Config]):
    """A sheet of thumbnails and a JSON file with coordinates from -1 to 1 and classes; of texts the file has these."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        part, sample = data.subject.dataset.validation, data.info.sample
        rows = rows_of(part.labels, self.config.samples)
        if len(rows) < LEAST:
            raise NotApplicable(f"a map needs {LEAST} validation samples or more, and the data have {len(rows)}")
        h = data.validation.h[torch.from_numpy(rows)].double().cpu().numpy()
        axes, variance = principal_components(h)
        embeddings = {
            "pca": lambda: axes,
            "tsne": lambda: neighbour_embedding(h, axes, self.config.perplexity, data.subject.seed),
        }
        shown, pictures = shown_samples([(part, rows)], sample, self.config.side, folder / "thumbnails.jpg")
        yield from pictures
        facts = {
            **shown,
            "classes": list(data.classes),
            "labels": part.labels[rows].tolist(),
            "maps": {name: _fitted(embeddings[name]()) for name in self.config.maps},
            "pca_variance": [round(float(share), 4) for share in variance],
        }
        yield Artifact("map.json", write_facts(facts, folder / "map.json"))


def principal_components(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """h [N, D] -> its first two principal components [N, 2], and the share of the variance that each holds [2].

    Each component's largest entry is positive, so the picture does not turn over between machines. Of one feature the
    second component is 0.
    """
    centred = h - h.mean(0)
    u, scale, _ = np.linalg.svd(centred, full_matrices=False)
    components, total = np.zeros((len(h), 2)), (scale**2).sum()
    count = min(2, len(scale))
    components[:, :count] = u[:, :count] * scale[:count]
    components *= np.where(components[np.abs(components).argmax(0), [0, 1]] < 0, -1, 1)
    shares = np.zeros(2)
    shares[:count] = scale[:count] ** 2 / total if total > 0 else 0
    return components, shares


def neighbour_embedding(h: np.ndarray, start: np.ndarray, perplexity: float, seed: int) -> np.ndarray:
    """h [N, D] -> [N, 2] by t-SNE over cosine distances, from `start` [N, 2] where that has a spread."""
    from sklearn.manifold import TSNE

    spread = start[:, 0].std()
    most = (len(h) - 1) / 3
    tsne = TSNE(
        perplexity=max(1.0, min(perplexity, most)),
        metric="cosine",
        init=(start / spread * 1e-4).astype(np.float32) if spread > 0 else "random",
        max_iter=500,
        random_state=seed,
        n_jobs=1,
    )
    return tsne.fit_transform(h)


def _fitted(points: np.ndarray) -> list[list[float]]:
    """Centred, and scaled alike in both directions so that all lie between -1 and 1."""
    middle = (points.max(0) + points.min(0)) / 2
    reach = np.abs(points - middle).max()
    return np.round((points - middle) / (reach if reach > 0 else 1), 3).tolist()
