"""The uncommitted changes of the code that runs: git's diff, within bounds and without secrets, for each trial."""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from probeline.execution.jobs.files import SECRET
from probeline.execution.jobs.secrets import secret_values, secrets_in
from probeline.storage.paths import write_atomic
from probeline.storage.redaction import MARK, redacted

ARTIFACT = "uncommitted.diff"
MAX_BYTES = 200_000
"""Of a diff; the rest is left out, and its last line says so."""

MAX_FILE_BYTES = 50_000
"""Of one file's part of a diff, so that a generated file leaves room for the code that ran."""

MAX_READ = 100 * MAX_BYTES
"""Bytes of git's output that are looked at."""

MAX_LINE = 1_000
"""Characters of a line; a longer one, as generated files have, is left out."""

DIFF = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/")


def code_changes(directory: Path, plugins: Iterable[Path] = ()) -> str:
    """What the files of the repository around `directory` have beside its commit, as a unified diff; "" for nothing.

    Tracked files, and those of `plugins` that git does not track. Left out: files that hold secrets by their names,
    lines that look as if they held one, and what is beyond `MAX_BYTES`.
    """
    root = _git(directory, "rev-parse", "--show-toplevel").strip()
    if not root:
        return ""
    folder, secret = Path(root), [f":(exclude,icase,glob)**/{name}{end}" for name in SECRET for end in ("", "/**")]
    tracked = _git(folder, *DIFF, "HEAD", "--", ".", *secret)
    new = (_git(folder, *DIFF, "--no-index", "--", os.devnull, name) for name in _untracked(folder, plugins))
    return without_secrets("".join([tracked, *new]), secret_values(os.environ))


def stored_changes(directory: Path, text: str) -> Path | None:
    """A file of this content below `directory`, named by it; None for no changes."""
    if not text:
        return None
    content = text.encode("utf-8", "replace")
    path = directory / "changes" / f"{hashlib.sha256(content).hexdigest()[:16]}.diff"
    if not path.exists():
        write_atomic(path, content)
    return path


def without_secrets(diff: str, secrets: Mapping[str, str]) -> str:
    """A diff within `MAX_BYTES`; a line that holds a secret keeps its sign alone. `secrets`: values by their names."""
    lines: list[str] = []
    size = 0
    for line in _shown(diff, secrets):
        size += len(line.encode("utf-8", "replace")) + 1
        if size > MAX_BYTES:
            return "\n".join([*lines, f"... cut: the whole diff has more than {MAX_BYTES:,} bytes", ""])
        lines.append(line)
    return "\n".join([*lines, ""]) if lines else ""


def _shown(diff: str, secrets: Mapping[str, str]) -> Iterator[str]:
    in_key, size = False, 0
    for line in diff.splitlines():
        if line.startswith(("diff --git ", "@@ ")):
            in_key = False
        before = 0 if line.startswith("diff --git ") else size
        size = before + len(line) + 1
        if size > MAX_FILE_BYTES:
            if before <= MAX_FILE_BYTES:
                yield f"... cut: the diff of this file has more than {MAX_FILE_BYTES:,} bytes"
            continue
        begins, ends = ("PRIVATE KEY-----" in line and f"-----{word}" in line for word in ("BEGIN", "END"))
        in_key = in_key or begins
        if len(line) > MAX_LINE:
            yield f"{line[:1]}... {len(line):,} characters"
        elif in_key or any(secrets_in(line.encode("utf-8", "replace"), secrets)):
            yield f"{line[:1]}{MARK}"
        else:
            yield redacted(line)
        in_key = in_key and not ends


def _untracked(root: Path, plugins: Iterable[Path]) -> Iterator[str]:
    """Files of plug-ins that are in the repository and not in git, by their paths in it."""
    inside = (path.resolve() for path in plugins)
    for path in sorted({path for path in inside if path.is_relative_to(root.resolve()) and path.is_file()}):
        name = path.relative_to(root.resolve()).as_posix()
        if not _git(root, "ls-files", "--", name):
            yield name


def _git(directory: Path, *words: str) -> str:
    """What git prints, at most `MAX_READ` bytes; "" where it fails or is not there."""
    command = ["git", "-C", str(directory), *words]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            content = process.stdout.read(MAX_READ)
            process.kill()
    except OSError:
        return ""
    return content.decode("utf-8", "replace")
