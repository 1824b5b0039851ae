"""The sockets of commands that serve pages: bound before anything else, so that a port in use is told at once."""

import socket

from probeline.errors import UserError

NEARBY_PORTS = 20
"""Ports above the requested one that are tried for a free one to advise."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket at the address. Raises UserError where the address is in use or not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return _listener(family, host, port)
    except PermissionError as error:
        raise UserError(f"--port {port}: needs root; take one above 1023") from error
    except OSError as error:
        if port and (free := _free(family, host, port)):
            raise UserError(f"--port {port}: in use on {host}; --port {free} is free") from error
        raise UserError(f"--host {host} --port {port}: cannot be listened on ({error.strerror or error})") from error
    except OverflowError as error:
        raise UserError(f"--port {port}: allowed are 0 to 65535") from error


def _listener(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(64)
    except BaseException:
        listener.close()
        raise
    return listener


def _free(family: socket.AddressFamily, host: str, port: int) -> int | None:
    for near in range(port + 1, min(port + 1 + NEARBY_PORTS, 65536)):
        try:
            _listener(family, host, near).close()
        except OSError:
            continue
        return near
    return None


def url(listener: socket.socket, host: str) -> str:
    """The address of the page on a listening socket."""
    address = f"[{host}]" if ":" in host else host
    return f"http://{address}:{listener.getsockname()[1]}"
