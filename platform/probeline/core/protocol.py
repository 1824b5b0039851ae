"""The contract of a protocol: one way to evaluate a frozen encoder.

A file has one subclass, its `Config`, its METRICS and its PRIMARY. One whose results depend on the encoder and the data
alone has the constant `DETERMINISTIC = True`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

from probeline.core.events import Artifact, Note, Record
from probeline.core.settings import Settings

C = TypeVar("C", bound=Settings)
D = TypeVar("D")


class Protocol(ABC, Generic[C, D]):
    """A protocol with the parameters `Config` that judges data D, a method in evaluation mode and what it encodes."""

    def __init__(self, config: C) -> None:
        self.config = config

    @abstractmethod
    def evaluate(self, data: D, folder: Path) -> Iterator[Record | Artifact | Note]:
        """Records and notes named without the protocol's prefix (`top1`), and artifacts written below `folder`.

        Test labels are read by `data.test.reveal` alone, once, when all is chosen.

        Raises:
            NotApplicable: this method or these data cannot be judged so; the trial goes on without it.
        """
