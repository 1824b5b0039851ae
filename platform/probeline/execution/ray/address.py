"""The address of a Ray cluster, and whether anything listens there: Ray itself takes minutes to give up."""

import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from probeline.errors import UserError

CONNECT_TIMEOUT_S = 5.0
"""Seconds to wait for a head that does not answer."""

START = "start a head there (ray start --head), correct the address"

FROM_OUTSIDE = "from outside of it, `probeline submit SPEC --address http://HEAD:8265`"


@dataclass(frozen=True)
class ClusterAddress:
    """The cluster to join, None for this machine; `origin`: where the address was written; `remedy`: how to go on."""

    address: str | None
    origin: str
    remedy: str


def target(option: str | None) -> ClusterAddress:
    """What --address, or else RAY_ADDRESS, names; as with Ray, a job finds its own cluster by the latter."""
    variable = os.environ.get("RAY_ADDRESS")
    if option in (None, "auto") and variable:
        here = "unset RAY_ADDRESS, or give --address local, to use this machine"
        return ClusterAddress(
            None if variable == "local" else variable, f"RAY_ADDRESS={variable}", f"{START}, or {here}"
        )
    address = None if option == "local" else option
    return ClusterAddress(address, f"--address {option}", f"{START}, or leave --address out to use this machine")


def checked(option: str | None) -> str | None:
    """The address to give to Ray; None for this machine.

    Raises:
        UserError: within seconds, where the address cannot be meant or nothing listens.
    """
    to = target(option)
    if to.address is None:
        return None
    if to.address == "auto":
        recorded = _recorded()
        if recorded is not None:  # without a record Ray looks through the processes itself, at once
            _connect(to, *recorded)
        return to.address
    if "://" in to.address:  # through Ray's client Tune would run elsewhere, and no event of a trial would come here
        raise UserError(f"{to.origin}: `run` joins a cluster by its head's HOST:6379; {FROM_OUTSIDE}")
    head = _host_and_port(to.address)
    if head is None:
        raise UserError(f"{to.origin}: got no host and port; allowed: auto or HOST:6379")
    _connect(to, *head)
    return to.address


def _host_and_port(address: str) -> tuple[str, int] | None:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        return None
    return host.strip("[]"), int(port)


def _recorded() -> tuple[str, int] | None:
    """What the last `ray start` on this machine wrote down; the record outlives a head that was killed."""
    folder = os.environ.get("RAY_TMPDIR") or ("/tmp" if Path("/tmp").is_dir() else tempfile.gettempdir())
    try:
        return _host_and_port((Path(folder) / "ray" / "ray_current_cluster").read_text(encoding="utf-8").strip())
    except OSError:
        return None


def _connect(to: ClusterAddress, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S).close()
    except OSError as error:
        raise UserError(f"{to.origin}: nothing listens at {host}:{port} ({error}); {to.remedy}") from None
