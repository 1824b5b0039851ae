"""Unit quality: k-means over the frames of a layer against the phones: phone purity, cluster purity, PNMI.

Hsu et al.: HuBERT, IEEE/ACM TASLP 2021, arXiv 2106.07447, section 4.5, tables IV and V. Clusters are fitted on training
frames without their labels; the phones of the test split are read once.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from probeline.core.events import Record
from probeline.core.frames import Frames
from probeline.core.metric import Metric, count, percentage
from probeline.core.settings import NameOf, Settings
from probeline.errors import NotApplicable
from probeline.evaluation._frame_labels import FrameTimes, frame_labels, label_names, some_rows
from probeline.evaluation._unit_counts import cluster_purity, joint_counts, normalised_information, phone_purity
from probeline.evaluation.base import EvaluationData, Protocol
from probeline.models.kmeans import fitted_centres, nearest_centres

TAKES = ("waveform", "series")
NEEDS = ("segments", "frames")
METRICS = {
    "pnmi": Metric("phone-normalised mutual information of the units", direction="higher", bounds=(0.0, 1.0)),
    "phone_purity": percentage("phone purity of the units"),
    "cluster_purity": percentage("cluster purity of the units"),
    "used": count("units that test frames have"),
    "layer_<layer>/pnmi": Metric(
        "phone-normalised mutual information of the units of layer <layer>", direction="higher", bounds=(0.0, 1.0)
    ),
    "layer_<layer>/phone_purity": percentage("phone purity of the units of layer <layer>"),
    "layer_<layer>/cluster_purity": percentage("cluster purity of the units of layer <layer>"),
    "layer_<layer>/used": count("units of layer <layer> that test frames have"),
}
PRIMARY = "pnmi"


class Config(Settings):
    """`layers`: further ones that are measured beside the output, each as `layer_<n>/pnmi` and so on."""

    segments: Annotated[str, NameOf("segments")] = Field("phones", description="Which segments give frames a label.")
    clusters: int = Field(100, ge=2, description="Units, C.")
    layers: tuple[int, ...] = Field((), description="Layers of the encoder, 0 the first, beside its output.")
    frames: int | None = Field(60_000, ge=1, description="Training frames that clusters are fitted to; null: all.")


class UnitQuality(Protocol[Config]):
    """The output's units, then those of each layer."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record]:
        names, times = label_names(data, self.config.segments), FrameTimes.of(data)
        layers = (None, *self.config.layers)
        for part in ("train", "test"):
            data.subject.read_layers(part, layers)
        units = {layer: self._units(data, layer) for layer in layers}
        segments = data.test.reveal(self.config.segments)
        for layer, frames in units.items():
            phones = frame_labels(frames, segments, times)
            labelled = phones >= 0
            counts = joint_counts(phones[labelled], frames.values[labelled], len(names), self.config.clusters)
            prefix = "" if layer is None else f"layer_{layer}/"
            yield Record(f"{prefix}pnmi", normalised_information(counts))
            yield Record(f"{prefix}phone_purity", phone_purity(counts))
            yield Record(f"{prefix}cluster_purity", cluster_purity(counts))
            yield Record(f"{prefix}used", float((counts.sum(0) > 0).sum()))

    def _units(self, data: EvaluationData, layer: int | None) -> Frames:
        """The unit of every test frame, int64 [F]. Raises NotApplicable for more clusters than frames."""
        train, test = data.subject.frames("train", layer), data.subject.frames("test", layer)
        rows = some_rows(len(train.values), self.config.frames, data.subject.seed).to(train.values.device)
        try:
            centres = fitted_centres(train.values[rows], self.config.clusters, data.subject.seed)
        except ValueError as error:
            raise NotApplicable(f"{error}; lower `clusters`") from error
        return replace(test, values=nearest_centres(test.values, centres))
