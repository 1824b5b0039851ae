"""Servers that tests start on this machine: a port for them, and when they are there."""

import contextlib
import random
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

PORTS = range(20_000, 32_000)
"""Above those of Ray's workers, below those that the system gives to connections: a server starts seconds later."""


def free_port() -> int:
    """A port that nothing listens on; chosen at random, as several processes test at once."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


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
