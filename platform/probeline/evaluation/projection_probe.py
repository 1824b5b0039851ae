"""Linear probe on the projection z = g(h): beside `linear_probe`, how much the projector throws away.

Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations, ICML 2020,
arXiv 2002.05709, section 4.2: "the hidden layer before the projection head is a better representation than the layer
after"; figure 8 and table 3 compare the two. The solver, its grid and the use of the parts are `linear_probe`'s.
"""

from collections.abc import Iterator
from pathlib import Path

from probeline.core.events import Artifact, Note, Record
from probeline.core.metric import probe_metrics
from probeline.evaluation._linear import probe
from probeline.evaluation._probe_settings import ProbeSettings
from probeline.evaluation.base import EvaluationData, Protocol

NEEDS = ("labels",)
VERSION = 2  # the probe is fitted to a tolerance, at weak penalties too, since 2
METRICS = probe_metrics("linear probe on z")
PRIMARY = "top1"


class Config(ProbeSettings):
    """`l2`: penalties to choose from, in units of mean cross entropy. `standardise`: each feature to mean 0, std 1."""


class ProjectionProbe(Protocol[Config]):
    """The linear probe with z in place of h; a projector that is the identity gives the same numbers on both."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact | Note]:
        yield from probe(data, "z", self.config, folder)
