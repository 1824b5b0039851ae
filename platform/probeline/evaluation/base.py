"""What a protocol may look at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from torch import Tensor

from probeline.core import protocol as core_protocol
from probeline.core.dataset import DatasetInfo
from probeline.core.hidden import Hidden
from probeline.core.lists import EpisodeList, PairList, Segments
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation._encoding import PooledFrames
from probeline.evaluation._frozen_method import FrozenMethod, spaces
from probeline.evaluation._probe_settings import JudgedBy

C = TypeVar("C", bound=Settings)
L = TypeVar("L", PairList, EpisodeList)
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Embeddings:
    """A part as the frozen encoder sees it: `h` [N, D] float32, `labels` [N], -1 where there is none.

    `z`: the method's projection of h, or None where it has no projector; `extra_labels`: further labels, [N] each.
    """

    h: Tensor
    labels: Tensor
    z: Tensor | None = None
    extra_labels: Mapping[str, Tensor] = field(default_factory=dict)

    def label(self, name: str | None = None) -> Tensor:
        """A further label by its name, [N]; None: the main one. Raises KeyError where there is none."""
        return self.labels if name is None else self.extra_labels[name]

    def spaces(self) -> dict[str, Tensor]:
        """What there is of `h` and `z`, by name, each [N, D]."""
        return spaces(self.h, self.z)


class HeldOutLabels:
    """The test part: `h` and `z` are open, the labels can be read once, as the last step.

    The labels are no attribute of it, nor of anything else that a protocol gets.
    """

    def __init__(self, h: Tensor, answers: Callable[[str | None], Any], z: Tensor | None = None) -> None:
        """`answers` reads them by name, None for the main labels [N]; the trial holds what it reads.

        It raises RuntimeError the second time: whoever makes it counts the reads, over all data of a protocol.
        """
        self.h, self.z, self._answers = h, z, Hidden(answers)

    def spaces(self) -> dict[str, Tensor]:
        """What there is of `h` and `z`, by name, each [N, D]."""
        return spaces(self.h, self.z)

    def reveal(self, name: str | None = None) -> Any:
        """The answers of one name, each once: a label [N], None for the main one; `Segments`; pairs or episodes.

        Raises:
            RuntimeError: they were read before; choices belong to the validation part.
            NotApplicable: the data have nothing of that name.
        """
        try:
            return self._answers(name)
        except LookupError as error:  # a copy of this object
            raise RuntimeError(READ_ALREADY) from error


READ_ALREADY = "the test labels were read already; choose on the validation part, read the test once"


class TestHidden(Exception):
    """A protocol came to the test part of a trial that is judged on validation alone: it ends there."""


def withheld(name: str | None = None) -> Tensor:
    """Stands for answers that do not exist. Raises TestHidden."""
    raise TestHidden("this trial is judged on the validation part")


class HiddenLabels(HeldOutLabels):
    """A stand-in for the test part whose labels do not exist: to ask for them ends the protocol."""

    def __init__(self, h: Tensor, z: Tensor | None) -> None:
        super().__init__(h, withheld, z)


@dataclass(frozen=True)
class EvaluationData:
    """What a protocol gets: what the encoder makes of the data, and a copy of the method, so it cannot change it.

    `info`: of the data set, without its digest.
    """

    train: Embeddings
    validation: Embeddings
    test: HeldOutLabels
    info: DatasetInfo
    subject: FrozenMethod

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the main label."""
        return self.info.classes

    def embed_dataset(self, component: dict[str, Any]) -> "EvaluationData":
        """The same encoder on another data set, a resolved component.

        Its test labels can be read once too. Raises NotApplicable where the encoder cannot take its samples or the
        protocol's settings do not name it, and as opening the data does.
        """
        return self.subject.on(self.subject.method, self.subject.dataset, component)

    def of(self, judged: JudgedBy) -> "EvaluationData":
        """The same data with another label as the main one, and with a vector of a layer's frames in place of h.

        Where `judged` says neither: as it is. Raises NotApplicable where the data have no such label, or the encoder
        no such layer.
        """
        label, frames = judged.label, None
        if judged.layer is not None or judged.pool is not None:
            frames = PooledFrames(judged.layer, judged.pool or "mean")
        if label is None and frames is None:
            return self
        name, classes = self.label_name(label), self.info.classes_of(label)
        h = {split: self.subject.pooled(split, frames) for split in SPLITS} if frames is not None else {}
        train, validation = (
            replace(part, h=h.get(split, part.h), labels=part.label(name))
            for split, part in (("train", self.train), ("validation", self.validation))
        )
        reveal = self.test.reveal
        test = HeldOutLabels(h.get("test", self.test.h), lambda asked: reveal(asked or name), self.test.z)
        return replace(self, train=train, validation=validation, test=test, info=replace(self.info, classes=classes))

    def label_name(self, label: str | None) -> str | None:
        """What `Embeddings.label` and `reveal` take for a label. Raises NotApplicable where the data have none such."""
        try:
            return self.info.extra(label)
        except KeyError as error:
            there = ", ".join(self.info.label_names) or "no labels"
            raise NotApplicable(f"label {label!r}: the data have {there}") from error

    def segments(self, split: str, name: str) -> Segments:
        """The segments of one name. Those of the test have no labels until `reveal`. Raises NotApplicable."""
        there = self.subject.dataset.split(split).segments
        if name not in there:
            raise NotApplicable(f"the {split} split has no segments {name!r}; it has {', '.join(there) or 'none'}")
        return there[name]

    def pairs(self, split: str, name: str | None = None) -> tuple[str, PairList]:
        """The pairs of one name, or the only ones, with their name. Those of the test have no answers until `reveal`.

        Raises NotApplicable where there are none, or several and no name.
        """
        return self._listed(split, name, PairList, "pairs")

    def episodes(self, split: str, name: str | None = None) -> tuple[str, EpisodeList]:
        """The episodes of one name, or the only ones, with their name, as `pairs`."""
        return self._listed(split, name, EpisodeList, "episodes")

    def _listed(self, split: str, name: str | None, kind: type[L], what: str) -> tuple[str, L]:
        lists = self.subject.dataset.split(split).lists
        there = {key: each for key, each in lists.items() if isinstance(each, kind)}
        chosen = [name] if name else list(there)
        if len(chosen) != 1 or chosen[0] not in there:
            names = ", ".join(there) or "none"
            raise NotApplicable(f"the {split} split has no {what} {name or ''}: it has {names}; name one of them")
        return chosen[0], there[chosen[0]]


Protocol: TypeAlias = core_protocol.Protocol[C, EvaluationData]
"""The contract of protocols (`core/protocol.py`), of which each judges EvaluationData."""
