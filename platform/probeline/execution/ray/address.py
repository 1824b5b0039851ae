"""Where a Ray cluster is said to be, and whether anything listens there: Ray itself takes minutes to give up."""

import os
import socket
import tempfile
from pathlib import Path

from probeline.errors import UserError

PATIENCE = 5.0
"""Seconds to wait for a head that does not answer."""

REMEDY = "start a head there (ray start --head), correct the address, or leave --address out to use this machine"

FROM_OUTSIDE = "from outside of it, `probeline submit SPEC --address http://HEAD:8265`"


def checked(address: str | None) -> str | None:
    """The address to give to Ray; None for this machine.

    Raises:
        UserError: within seconds, where the address cannot be meant or nothing listens.
    """
    if address in (None, "auto"):  # as Ray does; a job finds its own cluster there
        address = os.environ.get("RAY_ADDRESS") or address
    if address in (None, "local"):
        return None
    if address == "auto":
        recorded = _recorded()
        if recorded is not None:  # without a record Ray looks through the processes itself, at once
            _connect("--address auto", *recorded)
        return address
    if "://" in address:  # through Ray's client Tune would run elsewhere, and tell nobody here what becomes of trials
        raise UserError(f"--address {address}: `run` joins a cluster by its head's HOST:6379; {FROM_OUTSIDE}")
    place = _host_and_port(address)
    if place is None:
        raise UserError(f"--address {address}: got no host and port; allowed: auto or HOST:6379")
    _connect(f"--address {address}", *place)
    return address


def _host_and_port(address: str) -> tuple[str, int] | None:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        return None
    return host.strip("[]"), int(port)


def _recorded() -> tuple[str, int] | None:
    """What the last `ray start` on this machine wrote down; the record outlives a head that was killed."""
    folder = os.environ.get("RAY_TMPDIR") or ("/tmp" if Path("/tmp").is_dir() else tempfile.gettempdir())
    try:
        return _host_and_port((Path(folder) / "ray" / "ray_current_cluster").read_text().strip())
    except OSError:
        return None


def _connect(what: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except OSError as error:
        raise UserError(f"{what}: nothing listens at {host}:{port} ({error}); {REMEDY}") from None
