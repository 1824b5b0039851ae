"""A real MLflow server on loopback, started and ended by a test."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from helpers.loopback import free_port, until_it_answers


class MlflowServer:
    """`mlflow server` over one sqlite file; may be killed and started again on the same port.

    `environment`: more variables of the server's.
    """

    def __init__(self, folder: Path, database: Path, environment: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self.folder, self.database, self.environment = folder, database, environment or {}
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    def start(self) -> "MlflowServer":
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--backend-store-uri", f"sqlite:///{self.database}"]
        command += ["--artifacts-destination", str(self.folder / "served")]
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        environment |= self.environment
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, cwd=self.folder, env=environment
            )
        until_it_answers(f"{self.uri}/health", self.process, self.folder / "server.log")
        return self

    def kill(self) -> None:
        """SIGKILL, as when a machine goes down."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
