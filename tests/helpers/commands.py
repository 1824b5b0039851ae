"""The commands that speak to a cluster, as a user types them, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

from helpers.faults.driver import end
from helpers.ray_cluster import RayCluster

MINUTES = 8 * 60
"""Seconds that one job may take on a busy machine."""

SECRET = "planted-secret-4711"
"""The value of a token in the client's environment."""


def client(cluster: RayCluster, project: Path, command: str, *words: str) -> subprocess.Popen:
    """A command of the job's, with a token in the environment, in a session of its own as `driver.start` does."""
    environment = {**os.environ, "MY_API_TOKEN": SECRET, "RAY_API_SERVER_ADDRESS": cluster.address}
    return subprocess.Popen(
        [sys.executable, "-m", "probeline.cli", command, *words],
        cwd=project,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def submit(cluster: RayCluster, project: Path, *words: str) -> subprocess.Popen:
    places = ["--folder", str(project / ".probeline"), "--tracking-uri", f"sqlite:///{project}/mlflow.db"]
    return client(cluster, project, "submit", "spec.yaml", *places, *words)


def said(cluster: RayCluster, project: Path, command: str, *words: str) -> str:
    """What a command says that ends well."""
    process = client(cluster, project, command, *words)
    text = end(process, MINUTES)
    assert process.returncode == 0, text
    return text
