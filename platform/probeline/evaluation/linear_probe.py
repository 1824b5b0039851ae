"""Linear probe: multinomial logistic regression on the frozen representation h.

As the transfer protocol of SimCLR (arXiv 2002.05709, B.8) and Kornblith et al. 2019 (arXiv 1805.08974): no
augmentation, the L2 penalty from a grid by validation accuracy. The papers' solver is L-BFGS; the optimum is the same.
The test part is read once, at the end.
"""

from collections.abc import Iterator
from pathlib import Path

from probeline.core.events import Artifact, Note, Record
from probeline.core.metric import probe_metrics
from probeline.evaluation._linear import probe
from probeline.evaluation._probe_settings import JudgedBy, ProbeSettings
from probeline.evaluation.base import EvaluationData, Protocol

NEEDS = ("labels",)
VERSION = 2  # the probe is fitted to a tolerance, at weak penalties too, since 2
DETERMINISTIC = True  # weights start at zero, and the splits are the same for every seed
METRICS = probe_metrics("linear probe")
PRIMARY = "top1"


class Config(ProbeSettings, JudgedBy):
    """`l2`: penalties to choose from, in units of mean cross entropy. `standardise`: each feature to mean 0, std 1."""


class LinearProbe(Protocol[Config]):
    """Fits on train, chooses the penalty on validation, reports on test."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact | Note]:
        yield from probe(data.of(self.config.label, self.config.layer), "h", self.config, folder)
