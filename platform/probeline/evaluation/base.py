"""What a protocol may look at, and what it is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from torch import Tensor

from probeline.core.events import Artifact, Note, Record
from probeline.core.hidden import Hidden
from probeline.core.settings import Settings
from probeline.evaluation._frozen_method import FrozenMethod, spaces

C = TypeVar("C", bound=Settings)


@dataclass(frozen=True)
class Embeddings:
    """A part as the frozen encoder sees it: `h` [N, D] float32, `labels` [N], -1 where there is none.

    `z`: the method's projection of h, or None where it has no projector.
    """

    h: Tensor
    labels: Tensor
    z: Tensor | None = None

    def spaces(self) -> dict[str, Tensor]:
        """What there is of `h` and `z`, by name, each [N, D]."""
        return spaces(self.h, self.z)


class HeldOutLabels:
    """The test part: `h` and `z` are open, the labels can be read once, as the last step.

    The labels are no attribute of it, nor of anything else that a protocol gets.
    """

    def __init__(self, h: Tensor, labels: Callable[[], Tensor], z: Tensor | None = None) -> None:
        """`labels` reads them, [N]; the trial holds what it reads."""
        self.h, self.z, self._labels = h, z, Hidden(labels)

    def spaces(self) -> dict[str, Tensor]:
        """What there is of `h` and `z`, by name, each [N, D]."""
        return spaces(self.h, self.z)

    def reveal(self) -> Tensor:
        """The labels [N].

        Raises:
            RuntimeError: they were read before; choices belong to the validation part.
        """
        read = self._labels.take()
        if read is None:
            raise RuntimeError("the test labels were read already; choose on the validation part, read the test once")
        return read()


class TestHidden(Exception):
    """A protocol came to the test part of a trial that is judged on validation alone: it ends there."""


def withheld() -> Tensor:
    """Stands for labels that do not exist. Raises TestHidden."""
    raise TestHidden("this trial is judged on the validation part")


class HiddenLabels(HeldOutLabels):
    """A stand-in for the test part whose labels do not exist: to ask for them ends the protocol."""

    def __init__(self, h: Tensor, z: Tensor | None) -> None:
        super().__init__(h, withheld, z)


@dataclass(frozen=True)
class EvaluationData:
    """What a protocol gets: what the encoder makes of the data, and a copy of the method, so it cannot change it."""

    train: Embeddings
    validation: Embeddings
    test: HeldOutLabels
    classes: tuple[str, ...]
    subject: FrozenMethod

    def embed_dataset(self, component: dict[str, Any]) -> "EvaluationData":
        """The same encoder on another data set, a resolved component.

        Its test labels can be read once too. Raises NotApplicable where the encoder cannot take its images or the
        protocol's settings do not name it, and as opening the data does.
        """
        return self.subject.on(self.subject.method, self.subject.dataset, component)


class Protocol(ABC, Generic[C]):
    """One way to evaluate a frozen encoder. A subclass, `Protocol[Config]`, is one file with its `Config`.

    A file whose results depend on the encoder and the data alone has the constant `DETERMINISTIC = True`.
    """

    def __init__(self, config: C) -> None:
        self.config = config

    @abstractmethod
    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact | Note]:
        """Records and notes named without the protocol's prefix (`top1`), and artifacts written below `folder`.

        Raises:
            NotApplicable: this method or these data cannot be judged so; the trial goes on without it.
        """
