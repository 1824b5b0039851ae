"""How a collection's file is told from an experiment's, without reading either."""

import re
from pathlib import Path

KEY = "collection"
REFUSED = (
    "several experiments stand in this file; plan, run, status, report, lint and index take it, "
    "other commands one of them"
)


def is_collection(path: Path) -> bool:
    """Whether a file has the key `collection` at its top, which no experiment has; False for what cannot be read."""
    try:
        if not path.is_file():  # a FIFO or a device may have no end
            return False
        return re.search(rf"^{KEY}\s*:", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
    except (OSError, ValueError):
        return False
