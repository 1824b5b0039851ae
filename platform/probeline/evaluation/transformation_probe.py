"""What h keeps and z loses: a linear probe says which transformation was applied to an image.

Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations, ICML 2020,
arXiv 2002.05709, table 3. The paper trains an MLP on h and on g(h); here it is the linear probe, with its penalty
chosen on validation. The paper's colour task has a chance level of 80%; here every transformation is equally likely.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Artifact, Note, Record
from probeline.core.metric import percentage
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment
from probeline.errors import NotApplicable
from probeline.evaluation._frozen_method import ANOTHER, FrozenMethod
from probeline.evaluation._linear import choose, solver_notes
from probeline.evaluation._probe_settings import ProbeSettings
from probeline.evaluation.base import Embeddings, EvaluationData, Protocol

TAKES = ("image",)
VERSION = 2  # the probes are fitted to a tolerance, at weak penalties too, since 2
METRICS = {
    "<task>/h": percentage("<task> told from h"),
    "<task>/z": percentage("<task> told from z"),
    "<task>/chance": percentage("<task> told by chance", "none"),
}
PRIMARY = "rotation/h"

BATCH = 256


class Config(ProbeSettings):
    """`samples`: of each part, all where there are fewer; `noise`: std of the Gaussian noise on pixels in [0, 1]."""

    samples: int = Field(1000, ge=2)
    noise: float = Field(0.1, gt=0)


@dataclass(frozen=True)
class Task:
    """`transform(images, draws)`: the images [B, C, H, W] by every transformation in turn, [K, B, C, H, W]."""

    name: str
    choices: int
    transform: Callable[[Tensor, SampleRNG], Tensor]


class TransformationProbe(Protocol[Config]):
    """`<task>/h`, `<task>/z`: accuracy on transformed test images; `<task>/chance`: without looking.

    Tasks: `rotation` by 0 to 3 quarters, `grey` or colour, `sobel` or original, `noise` or original. The labels of
    the data are not used.
    """

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact | Note]:
        subject = data.subject
        channels = subject.dataset.info.sample.channels
        unconverged: list[float] = []
        for task in self._tasks(colour=channels == 3):
            train, validation, test = (
                answered(subject, part, task, self.config.samples) for part in ("train", "validation", "test")
            )
            for space, h in train.spaces().items():
                seen, unseen = Embeddings(h, train.labels), Embeddings(validation.spaces()[space], validation.labels)
                chosen = choose(seen, unseen, task.choices, self.config)
                unconverged += chosen.unconverged
                right = chosen.probabilities(test.spaces()[space]).argmax(1) == test.labels
                yield Record(f"{task.name}/{space}", float(right.float().mean()))
            yield Record(f"{task.name}/chance", 1 / task.choices)
        yield from solver_notes(unconverged, self.config.iterations)
        if channels != 3:
            raise NotApplicable(f"whether an image was grey cannot be asked of images with {channels} channel(s)")

    def _tasks(self, colour: bool) -> Iterator[Task]:
        yield Task("rotation", 4, lambda images, rng: quarter_turns(squares(images)))
        if colour:
            yield _with_or_without("grey", {})
        yield _with_or_without("sobel", {})
        yield _with_or_without("noise", {"std": self.config.noise})


def _with_or_without(operation: str, parameters: dict[str, float]) -> Task:
    chain = [{"name": operation, "p": 1.0, **parameters}]
    return Task(operation, 2, lambda images, rng: torch.stack([images, augment(images, chain, rng)]))


def quarter_turns(images: Tensor) -> Tensor:
    """images: [B, C, S, S] turned by 0 to 3 quarters, exactly, [4, B, C, S, S]."""
    return torch.stack([torch.rot90(images, quarters, (2, 3)) for quarters in range(4)])


def squares(images: Tensor) -> Tensor:
    """The central square of images [B, C, H, W]: a quarter turn of another shape would tell itself by the shape."""
    side = min(images.shape[2:])
    row, column = (images.shape[2] - side) // 2, (images.shape[3] - side) // 2
    return images[:, :, row : row + side, column : column + side]


def answered(subject: FrozenMethod, part: str, task: Task, samples: int) -> Embeddings:
    """h and z of the part's first samples, each transformed in a way drawn for it, and that way as label."""
    embeddings: list[Embeddings] = []
    for batch in subject.batches(part, BATCH):
        rng = SampleRNG(subject.seed ^ ANOTHER, 0, batch.index).fold_in(task.name)
        way = rng.integers(task.choices, 1, "way")[:, 0]
        transformed = task.transform(batch.inputs, rng)[way, torch.arange(len(batch), device=way.device)]
        h, z = subject.represent(transformed.contiguous(memory_format=torch.channels_last))
        embeddings.append(Embeddings(h, way, z))
        if len(embeddings) * BATCH >= samples:
            break
    projected = [each.z for each in embeddings if each.z is not None]
    return Embeddings(
        torch.cat([each.h for each in embeddings])[:samples],
        torch.cat([each.labels for each in embeddings])[:samples],
        torch.cat(projected)[:samples] if projected else None,
    )
