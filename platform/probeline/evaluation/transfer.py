"""Transfer: linear probes of one encoder on other data sets.

Kornblith, Shlens, Le: Do Better ImageNet Models Transfer Better?, CVPR 2019, arXiv 1805.08974, as used by SimCLR
(arXiv 2002.05709, B.8): logistic regression on the frozen representation. The probe is `linear_probe`'s.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from probeline.core.events import Artifact, Note, Record
from probeline.core.metric import probe_metrics
from probeline.core.settings import Component
from probeline.errors import NotApplicable
from probeline.evaluation._linear import probe
from probeline.evaluation._probe_settings import ProbeSettings
from probeline.evaluation.base import EvaluationData, Protocol

NEEDS = ("labels",)
VERSION = 2  # the probe is fitted to a tolerance, at weak penalties too, since 2
METRICS = probe_metrics("linear probe on <data>", "<data>/")
PRIMARY = "<data>/top1"


class Config(ProbeSettings):
    """`data`: names of data sets, or `{name: ..., parameters}`; what they hold enters the trial's id.

    Grey images are repeated to three channels for an encoder of colour images, and colour ones become their luma for
    one of grey images. An encoder that takes no other size than its own says so.
    """

    data: Annotated[list[dict[str, Any]], Component("datasets")] = Field(min_length=1)


class Transfer(Protocol[Config]):
    """`<data set>/top1` and the rest of the linear probe's numbers, one data set after the other.

    A data set's second component has `_2` after its name, and so on. One that cannot be judged leaves the others.
    """

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact | Note]:
        taken: dict[str, int] = {}
        refused = []
        for component in self.config.data:
            name = component["name"].rpartition(".")[2]
            taken[name] = taken.get(name, 0) + 1
            name = name if taken[name] == 1 else f"{name}_{taken[name]}"
            try:
                other = data.embed_dataset(component)
                for event in probe(other, "h", self.config, folder / name):
                    yield replace(event, name=f"{name}/{event.name}")
            except NotApplicable as reason:
                refused.append(f"{name}: {reason}")
        if refused:
            raise NotApplicable("; ".join(refused))
