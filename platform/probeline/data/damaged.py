"""What to do about files of a data set that cannot be read, and the message that names them."""

from dataclasses import dataclass
from typing import Literal

from probeline.data.read_report import LISTED
from probeline.errors import BadData


@dataclass(frozen=True)
class Damaged:
    """What to do about files that cannot be read: stop, or skip them as long as their share is at most `limit`."""

    then: Literal["error", "skip"] = "error"
    limit: float = 0.0


def refuse_damaged(names: list[str], count: int, damaged: Damaged, what: str = "images") -> None:
    """Raises BadData, which lists the names, where more of `count` files are damaged than is allowed."""
    if not names or (damaged.then == "skip" and len(names) <= damaged.limit * count and len(names) < count):
        return
    more = [f"and {len(names) - LISTED} more"] if len(names) > LISTED else []
    listed = "\n  ".join([*sorted(names)[:LISTED], *more])
    remedy = "mend or remove them, or set `on_damaged: skip`"
    if damaged.then == "skip":
        remedy = f"more than `max_damaged: {damaged.limit:g}` of them, so they are not skipped"
    raise BadData(f"{len(names)} of {count} {what} are damaged; {remedy}:\n  {listed}")
