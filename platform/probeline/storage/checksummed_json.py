"""Small JSON files that are written in one step and know when they are damaged."""

import hashlib
import json
from pathlib import Path
from typing import Any

from probeline.storage.paths import write_atomic


def write(path: Path, content: dict[str, Any]) -> None:
    """Write `content` with its checksum; a reader sees the old file or the new one, never a part. Raises DiskFull."""
    write_atomic(path, json.dumps({"content": content, "sha256": _checksum(content)}).encode())


def read(path: Path) -> dict[str, Any] | None:
    """The content, or None where the file is absent or not as it was written."""
    try:
        sealed = json.loads(path.read_text("utf-8"))
        return sealed["content"] if sealed["sha256"] == _checksum(sealed["content"]) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _checksum(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
