"""Servers that tests start on this machine: a port for them, and when they are there."""

import socket
import subprocess
import time
import urllib.request
from pathlib import Path


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until_it_answers(address: str, process: subprocess.Popen, log: Path, seconds: float = 180) -> None:
    """Waits until a page of the server's can be read; what its log ends with is the failure's message."""
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            waiting = time.monotonic() < until and process.poll() is None
            assert waiting, f"{address} does not answer: {log.read_text()[-3000:]}"
            time.sleep(0.1)
