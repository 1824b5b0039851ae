"""Ray's start on this machine, and its refusals in words: what is too long, full or forbidden, and what takes too long.

Ray is imported where it is needed, as the engine sets its environment first.
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from probeline.errors import UserError

ATTEMPTS = 2
"""Starts that are tried: on a busy machine Ray's processes may need more than the half minute that it gives them."""

SOCKET_BYTES = 103 if sys.platform == "darwin" else 107
"""Bytes of the longest name that a Unix socket may have."""

SOCKET = "ray/session_2026-01-01_00-00-00_000000_0000000/sockets/plasma_store"
"""What Ray puts below its folder, at its longest."""


def ray_folder() -> Path:
    """The folder in which Ray keeps sockets and logs."""
    chosen = os.environ.get("RAY_TMPDIR") or (os.environ.get("TMPDIR") if sys.platform.startswith("linux") else None)
    return Path(chosen or ("/tmp" if Path("/tmp").is_dir() else tempfile.gettempdir()))


def check_folder(folder: Path) -> None:
    """Raises UserError where Ray can put no sockets into the folder."""
    origin = next((name for name in ("RAY_TMPDIR", "TMPDIR") if os.environ.get(name) == str(folder)), "")
    named = f"{origin}={folder}" if origin else str(folder)
    length = len(os.fsencode(folder / SOCKET))
    if length > SOCKET_BYTES:
        most = SOCKET_BYTES - len(SOCKET) - 1
        raise UserError(
            f"{named}: {len(os.fsencode(folder))} bytes, too long for Ray, whose sockets lie there; allowed: at most "
            f"{most}; RAY_TMPDIR=/tmp moves Ray alone elsewhere"
        )
    try:
        (folder / "ray").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder / "ray"):
            pass
    except OSError as error:
        raise UserError(
            f"{named}: Ray cannot write there ({error.strerror}); RAY_TMPDIR=FOLDER names another one"
        ) from None


def start(options: dict[str, Any]) -> None:
    """Starts Ray on this machine with these options of `ray.init`; tries again, once, where it did not come up.

    Raises:
        UserError: it does not start.
    """
    import ray

    if ray.is_initialized():
        raise UserError("this process has a Ray of its own already; call ray.shutdown() first")
    folder = ray_folder()
    check_folder(folder)
    for attempt in range(1, ATTEMPTS + 1):
        before = set(psutil.Process().children(recursive=True))
        try:
            ray.init(**options)
            return
        except Exception as error:  # Ray raises bare exceptions, too, such as for what timed out
            _end(before)
            if attempt == ATTEMPTS or isinstance(error, ValueError | OSError):
                raise UserError(_message(error, attempt, folder)) from error


def _end(before: set[psutil.Process]) -> None:
    """Ends what a start has left behind."""
    import ray

    ray.shutdown()
    started = set(psutil.Process().children(recursive=True)) - before
    for process in started:
        with contextlib.suppress(psutil.Error):  # it has gone by itself
            if "ray" in " ".join(process.cmdline()):
                process.kill()
    psutil.wait_procs(started, timeout=5)


def _message(error: Exception, attempts: int, folder: Path) -> str:
    reason = (str(error).strip().splitlines() or [repr(error)])[0]
    load = f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores, " if hasattr(os, "getloadavg") else ""
    return (
        f"Ray does not start here, tried {'once' if attempts == 1 else 'twice'}: {reason} ({load}"
        f"logs in {folder}/ray/session_latest/logs); run again when the machine is less busy; `probeline doctor` "
        "looks at memory and disks"
    )
