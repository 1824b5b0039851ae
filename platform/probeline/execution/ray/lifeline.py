"""A worker's heartbeat on disk, and the watchdog that ends a worker without one."""

import contextlib
import faulthandler
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from probeline.execution.ray import watchdog
from probeline.training import heartbeat


class Lifeline:
    """A file of this process whose time is its last heartbeat and whose text is the trial that it works on."""

    def __init__(self, folder: Path, patience: float) -> None:
        """Starts the watchdog, which kills this process after `patience` seconds of a trial without a heartbeat."""
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"{socket.gethostname()}-{os.getpid()}"
        self.file.write_text("", encoding="utf-8")
        self.stacks = self.file.with_name(f"{self.file.name}.stacks")
        faulthandler.register(
            signal.SIGUSR2, file=self.stacks.open("w", encoding="utf-8")
        )  # open as long as the process
        command = [sys.executable, "-S", "-E", watchdog.__file__, str(os.getpid()), str(self.file), str(patience)]
        subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        heartbeat.show_life_in(self.file)

    def watch(self, trial_id: str) -> None:
        """From now on this trial must show heartbeats; "": none is expected."""
        self.file.write_text(trial_id, encoding="utf-8")

    def close(self) -> None:
        """Ends the watchdog with the file."""
        heartbeat.show_life_in(None)
        for file in (self.file, self.stacks):
            with contextlib.suppress(OSError):
                file.unlink()
