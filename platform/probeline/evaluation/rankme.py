"""RankMe: the effective rank of the representations, and their spectrum.

Garrido, Balestriero, Najman, LeCun: RankMe: Assessing the Downstream Performance of Pretrained Self-Supervised
Representations by Their Rank, ICML 2023, arXiv 2210.02885, eq. 1:
RankMe = exp(-sum_k p_k log p_k), p_k = sigma_k / sum_j sigma_j + 1e-7, sigma the singular values of the matrix of
embeddings, not centred. It runs from 1 to min(N, D). No label is looked at.
"""

import csv
from collections.abc import Iterator
from math import inf
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData, Protocol

DETERMINISTIC = True
METRICS = {
    "<space>": Metric("RankMe of <space>", direction="higher", bounds=(1.0, inf), digits=1),
    "<space>_ceiling": Metric("largest RankMe of <space>", digits=0),
}
PRIMARY = "h"

EPSILON = 1e-7


class Config(Settings):
    """`samples`: training samples looked at, all where there are fewer; the paper's number."""

    samples: int = Field(25_600, ge=2)


class RankMe(Protocol[Config]):
    """`h` and `z`: the effective rank; `h_ceiling`, `z_ceiling`: the largest it could be."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        spectra = {}
        for space, embeddings in data.train.spaces().items():
            embeddings = embeddings[: self.config.samples]
            if len(embeddings) < 2:
                raise NotApplicable("a rank needs two training samples or more; there is one")
            spectra[space] = singular_values(embeddings)
            yield Record(space, effective_rank(spectra[space]))
            yield Record(f"{space}_ceiling", float(min(embeddings.shape)))
        yield Artifact("spectrum.csv", write_spectra(spectra, folder / "spectrum.csv"))


def singular_values(x: Tensor) -> Tensor:
    """The min(N, D) singular values of x: [N, D], largest first, in float64."""
    x = x.double()
    if len(x) > x.shape[1]:
        # A triangle with the same singular values: several times faster for N far above D, and as exact.
        x = torch.linalg.qr(x, mode="r").R
    return torch.linalg.svdvals(x)


def effective_rank(singular: Tensor) -> float:
    """Eq. 1 of the singular values [K]; 1 where all of them are 0."""
    share = singular / singular.sum().clamp(min=torch.finfo(singular.dtype).tiny) + EPSILON
    return float(torch.exp(-(share * share.log()).sum()))


def write_spectra(spectra: dict[str, Tensor], path: Path) -> Path:
    """A CSV with a row a singular value: the space, its place from 1, itself, its share of their sum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["space", "place", "singular_value", "share"])
        for space, singular in spectra.items():
            shares = singular / singular.sum().clamp(min=torch.finfo(singular.dtype).tiny)
            for rank, (value, share) in enumerate(zip(singular.tolist(), shares.tolist(), strict=True), 1):
                rows.writerow([space, rank, value, share])
    return path
