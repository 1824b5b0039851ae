"""Views to look at: a few training samples and what the method makes of them, drawn as in a training of another seed.

A picture and no number; no label of the test part is read. `probeline views` draws the same before any training.
About 0.05 s and 5 to 12 kB a trial for images of 32x32.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation._frozen_method import ANOTHER
from probeline.evaluation._tiles import name_of, rows_of, tiles, write_facts, write_sheet
from probeline.evaluation._view_grid import view_grid
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("image", "waveform", "series", "vector")
METRICS: dict[str, Metric] = {}
PRIMARY = None


class Config(Settings):
    """How much is shown."""

    samples: int = Field(5, ge=1, le=50, description="Training samples, of as many classes.")
    side: int = Field(48, ge=8, le=128, description="Pixels of a picture's longer side at most.")


class ViewSheet(Protocol[Config]):
    """A sheet of pictures and a JSON file that says which stand in it, with the targets of a pretext task."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        subject = data.subject
        if not subject.method.trains:
            raise NotApplicable(f"{type(subject.method).__name__} trains nothing, so it makes no views")
        rows = torch.from_numpy(rows_of(subject.dataset.train.labels, self.config.samples)).to(subject.device)
        batch = next(subject.with_train_rows(rows).batches("train", len(rows)))
        batch = replace(batch, index=rows)
        try:
            rng = SampleRNG(subject.seed ^ ANOTHER, 0, rows)
            samples_shown, views, targets = view_grid(subject.method, batch, rng, data.info.sample)
        except ValueError as error:  # such as patches that are larger than the images
            raise NotApplicable(f"it makes no views of these samples: {error}") from error
        shown = _alike([tiles(samples_shown, self.config.side), tiles(views.flatten(0, 1), self.config.side)])
        sheet = write_sheet(torch.cat(shown), folder / "views.jpg")
        samples = [
            {
                "tile": position,
                "label": name_of(label, data.classes),
                "views": [
                    {"tile": len(rows) * (1 + view) + position, "target": _number(targets, view, position)}
                    for view in range(len(views))
                ],
            }
            for position, label in enumerate(batch.labels.tolist())
        ]
        yield Artifact("views.jpg", folder / "views.jpg")
        yield Artifact("views.json", write_facts({"sheet": sheet, "samples": samples}, folder / "views.json"))


def _alike(several: list[Tensor]) -> list[Tensor]:
    """Tiles [N, h, w, 3] of several sizes, all as large as the largest: a pixel stays a rectangle of one colour."""
    size = [max(one.shape[axis] for one in several) for axis in (1, 2)]
    return [F.interpolate(one.permute(0, 3, 1, 2), size, mode="nearest-exact").permute(0, 2, 3, 1) for one in several]


def _number(targets: Tensor | None, view: int, position: int) -> int | None:
    return int(targets[view, position]) if targets is not None and view < len(targets) else None
