"""Linear probe: multinomial logistic regression on the frozen representation h.

As the transfer protocol of SimCLR (arXiv 2002.05709, B.8) and Kornblith et al. 2019 (arXiv 1805.08974): no
augmentation, the L2 penalty from a grid by validation accuracy. The papers' solver is L-BFGS; the optimum is the same.
The test part is read once, at the end.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from probeline.core.events import Artifact, Note, Record
from probeline.core.metric import Metric, percentage, probe_metrics
from probeline.evaluation._layer_probes import each_layer, weighted_sum
from probeline.evaluation._linear import probe
from probeline.evaluation._probe_settings import JudgedBy, ProbeSettings
from probeline.evaluation.base import EvaluationData, Protocol

NEEDS = ("labels",)
VERSION = 2  # the probe is fitted to a tolerance, at weak penalties too, since 2
DETERMINISTIC = True  # weights start at zero, and the splits are the same for every seed
METRICS = {
    **probe_metrics("linear probe"),
    "layer": Metric("layer that validates best in the linear probe", digits=0),
    "layer_<layer>/top1": percentage("linear probe accuracy of layer <layer>"),
    "layer_<layer>/validation_top1": percentage("linear probe validation accuracy of layer <layer>"),
    "weight_<layer>": Metric("weight of layer <layer> in the linear probe", bounds=(0.0, 1.0)),
}
PRIMARY = "top1"


class Config(ProbeSettings, JudgedBy):
    """`l2`: penalties to choose from, in units of mean cross entropy. `standardise`: each feature to mean 0, std 1."""

    layer: int | Literal["all", "weighted"] | None = Field(  # type: ignore[assignment]  # of more kinds than others
        None,
        description="Which layer's mean over time is judged, 0 the first, -1 the last; null: h; `all`: every one, and "
        "the best on validation as the result; `weighted`: a sum whose weights are learned (SUPERB).",
    )


class LinearProbe(Protocol[Config]):
    """Fits on train, chooses the penalty on validation, reports on test."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact | Note]:
        config = self.config
        if config.layer == "all":
            yield from each_layer(data.of(JudgedBy(label=config.label)), config, folder, config.pool or "mean")
        elif config.layer == "weighted":
            yield from weighted_sum(data.of(JudgedBy(label=config.label)), config, folder, config.pool or "mean")
        else:
            yield from probe(data.of(config), "h", config, folder)
