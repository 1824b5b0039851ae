"""One migrated MLflow database a session, copied for each test; migrating takes seconds."""

import shutil
from pathlib import Path

import pytest
from helpers.mlflow_server import MlflowServer
from probeline.tracking.server.client import connect


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("mlflow") / "template.db"
    connect(f"sqlite:///{file}")
    return file


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(template, tmp_path / "mlflow.db"))


@pytest.fixture
def uri(database: Path) -> str:
    return f"sqlite:///{database}"


@pytest.fixture
def server(tmp_path: Path, database: Path):
    server = MlflowServer(tmp_path, database).start()
    yield server
    server.kill()
