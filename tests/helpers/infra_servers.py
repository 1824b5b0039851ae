"""PostgreSQL and infra/mlflow/serve.sh for real: on loopback, in temporary folders, ended by who started them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from helpers.loopback import free_port, until_it_answers

SERVE = Path(__file__).parents[2] / "infra/mlflow/serve.sh"
USER = "probeline"


def programs() -> Path:
    """The folder of PostgreSQL's programs; skips the test where there is none."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders or not (folders[-1] / "postgres").exists():
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return folders[-1]


class Postgres:
    """A fresh PostgreSQL: one user, an empty database `mlflow`; it refuses root, who steps down."""

    def __init__(self, password: str) -> None:
        self.bin, self.port, self.password = programs(), free_port(), password
        self.folder = Path(tempfile.mkdtemp(prefix="probeline-postgres-", dir="/tmp"))  # pytest's are root's
        self.who = {}
        if os.getuid() == 0:
            self.who = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(self.folder, "nobody", "nogroup")
        self.process: subprocess.Popen | None = None

    @property
    def uri(self) -> str:
        """The database, without the password, which libpq takes from PGPASSWORD."""
        return f"postgresql+psycopg2://{USER}@127.0.0.1:{self.port}/mlflow"

    def start(self) -> "Postgres":
        secret = self.folder / "password"
        secret.write_text(self.password)
        os.chmod(secret, 0o644)  # noqa: PTH101
        data = self.folder / "data"
        self._run("initdb", "--pgdata", data, "--username", USER, "--auth", "scram-sha-256", "--pwfile", secret)
        secret.unlink()
        with (self.folder / "log").open("wb") as log:
            options = ["-D", data, "-p", self.port, "-k", self.folder, "-c", "listen_addresses=127.0.0.1"]
            command = [self.bin / "postgres", *map(str, options)]
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **self.who)
        login = ["--host", "127.0.0.1", "--port", self.port, "--username", USER]
        until = time.monotonic() + 60
        while self._run("pg_isready", *login, check=False).returncode:
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.1)
        self._run("createdb", *login, "mlflow")
        return self

    def end(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # "fast shutdown": connections are cut, the data are whole
            self.process.wait(60)
        shutil.rmtree(self.folder)

    def _run(self, program: str, *words: object, check: bool = True) -> subprocess.CompletedProcess:
        environment = {**os.environ, "PGPASSWORD": self.password}
        command = [self.bin / program, *map(str, words)]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, **self.who)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done


class Mlflow:
    """infra/mlflow/serve.sh, as compose starts it, with two workers."""

    def __init__(self, folder: Path, database: Postgres, admin_password: str) -> None:
        self.folder, self.port = folder, free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
        self.environment = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PGPASSWORD": database.password,
            "MLFLOW_BACKEND_STORE_URI": database.uri,
            "MLFLOW_ARTIFACTS_DESTINATION": str(folder / "artifacts"),
            "MLFLOW_AUTH_ADMIN_PASSWORD": admin_password,
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "a text for this test alone",
            "PROBELINE_MLFLOW_PORT": str(self.port),
            "PROBELINE_MLFLOW_WORKERS": "2",
        }
        self.process: subprocess.Popen | None = None

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def start(self) -> "Mlflow":
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["bash", SERVE], cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        until_it_answers(f"{self.uri}/health", self.process, self.folder / "server.log")
        return self

    def family(self) -> list[psutil.Process]:
        script = psutil.Process(self.process.pid)
        return [script, *script.children(recursive=True)]

    def end(self) -> list[psutil.Process]:
        """Stops it as an operator does, by SIGTERM to the script; returns what had to be killed after that."""
        if self.process is None:
            return []
        family = self.family()
        self.process.terminate()
        _, alive = psutil.wait_procs(family, timeout=60)
        for process in alive:
            process.kill()
        self.process.wait(10)
        self.process = None
        return alive
