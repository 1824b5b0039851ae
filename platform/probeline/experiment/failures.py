"""The `failures` section: what the text of an error says of the failure's class, where the platform cannot know it."""

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import Field, field_validator

from probeline.core.settings import Settings
from probeline.experiment.problems import shown

MAX_TEXT = 50_000
"""Characters of an error that are searched: the message and the end of the traceback."""

FailureClass = Literal["infrastructure", "preempted", "out of memory", "diverged", "user error"]
"""The classes that a person reads; each decides about retries as for the failures that the platform knows itself."""


class FailurePattern(Settings):
    """A failure whose message or traceback matches has this class, whatever it would have had without."""

    matches: str = Field(min_length=1, max_length=1000, description="A regular expression, searched for.")
    class_: FailureClass = Field(alias="class")

    @field_validator("matches")
    @classmethod
    def _compiles(cls, matches: str) -> str:
        try:
            re.compile(matches)
        except re.error as error:
            raise ValueError(f"got {shown(matches)}; no regular expression: {error}") from None
        return matches

    @property
    def kind(self) -> str:
        """The class as the kind of failure that is recorded."""
        return self.class_.replace(" ", "_")


def kind_by_text(patterns: Iterable[FailurePattern], kind: str, message: str, traceback: str) -> str:
    """The kind of the first pattern that an error's text matches, else `kind`."""
    text = f"{message}\n{traceback[-MAX_TEXT:]}"
    return next((pattern.kind for pattern in patterns if re.search(pattern.matches, text)), kind)
