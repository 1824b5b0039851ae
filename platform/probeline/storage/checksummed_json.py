"""Small JSON files that are written in one step and know when they are damaged."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from probeline.errors import disk_full_guard


def write(path: Path, content: dict[str, Any]) -> None:
    """Write `content` with its checksum; a reader sees the old file or the new one, never a part. Raises DiskFull."""
    with disk_full_guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"content": content, "sha256": _checksum(content)}, file)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def read(path: Path) -> dict[str, Any] | None:
    """The content, or None where the file is absent or not as it was written."""
    try:
        sealed = json.loads(path.read_text("utf-8"))
        return sealed["content"] if sealed["sha256"] == _checksum(sealed["content"]) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _checksum(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
