"""The entries of a write-ahead log, checked before a later writer sends what an earlier one left."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError


def safe_name(name: str) -> str:
    """An artifact's name as it is. Raises ValueError unless it is a path below the trial's artifacts."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.name or "\0" in name:
        raise ValueError("an artifact's name is a path below the trial's artifacts")
    return name


def _without_nul(path: str) -> str:
    if "\0" in path:
        raise ValueError("a path holds no NUL")
    return path


Name = Annotated[str, AfterValidator(safe_name)]
Location = Annotated[str, AfterValidator(_without_nul)]


class LogEntry(BaseModel):
    """What every entry has: when it was written, in Unix seconds."""

    model_config = ConfigDict(strict=True, extra="allow")

    time: FiniteFloat


class StartEntry(LogEntry):
    """The trial runs, for the first time or again."""

    op: Literal["started"]
    experiment: str
    name: str
    params: dict[str, str]
    tags: dict[str, str]
    recipe: dict[str, Any]


class RecordEntry(BaseModel):
    """One number, as `Record.as_dict` gives it."""

    model_config = ConfigDict(strict=True)

    name: str
    value: FiniteFloat
    step: Annotated[int, Field(ge=-(2**63), lt=2**63)]
    time: FiniteFloat


class RecordsEntry(LogEntry):
    """Numbers of the trial."""

    op: Literal["records"]
    records: list[RecordEntry]


class ArtifactEntry(LogEntry):
    """A file of the trial, or one that was not there."""

    op: Literal["artifact", "lost"]
    name: Name
    path: Location


class NoteEntry(LogEntry):
    """A sentence about the trial."""

    op: Literal["note"]
    name: str
    text: str


class TagsEntry(LogEntry):
    """What is known of the running trial."""

    op: Literal["tags"]
    tags: dict[str, str]


class FailedEntry(LogEntry):
    """The trial cannot finish."""

    op: Literal["failed"]
    kind: str
    message: str
    traceback: str | None = None


class EndEntry(LogEntry):
    """The trial has finished, or was stopped and will run again."""

    op: Literal["finished", "interrupted"]


_ENTRY: TypeAdapter[Any] = TypeAdapter(
    Annotated[
        StartEntry | RecordsEntry | ArtifactEntry | NoteEntry | TagsEntry | FailedEntry | EndEntry,
        Field(discriminator="op"),
    ]
)


def problem(line: bytes) -> str | None:
    """What is wrong with a line of the log, in a few words; None for a sound entry."""
    try:
        _ENTRY.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        location = ".".join(str(part) for part in first["loc"])
        return f"{location}: {first['msg']}" if location else first["msg"]
    return None
