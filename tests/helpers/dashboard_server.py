"""`probeline dash` in a process of its own, as a user types it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = [str(Path(sys.executable).with_name("probeline")), "dash"]


@contextmanager
def dashboard(folder: Path, *words: str) -> Iterator[str]:
    """Its address, while it serves."""
    command = [*COMMAND, *(words or ["spec.yaml"]), "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=folder, **pipes) as server:
        try:
            said = server.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert address, said + server.stdout.read()
            yield address[0]
        finally:
            server.terminate()
