"""A project may be renamed, copied and called anything: its artifacts lie and are written beside its database."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from helpers.trial_events import info, trial
from mlflow.tracking._tracking_service import utils
from probeline.core.events import Artifact
from probeline.tracking.reading.artifact_file import read_artifact
from probeline.tracking.reading.results import statuses
from probeline.tracking.server.artifact_folders import current_folder, follow_moved_database
from probeline.tracking.server.location import resolve
from probeline.tracking.writing.writer import Writer


@pytest.fixture
def project(tmp_path, template):
    """A folder with a database that holds one trial, its picture and another experiment's address elsewhere."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(template, folder / "mlflow.db")
    write(folder, 1, b"first")
    return folder


def write(folder, number, content):
    """One finished trial with a picture, as another process would write it; returns its run's id."""
    utils._artifact_repos_cache.clear()  # MLflow remembers a run's folder as long as the process lives
    (folder / "picture.png").write_bytes(content)
    uri = resolve("sqlite:///mlflow.db", folder)
    with Writer(uri, info(), folder / ".probeline") as writer:
        one = trial(number)
        writer.started(one)
        writer.artifacts(one.id, [Artifact("views/picture.png", folder / "picture.png")])
        writer.finished(one.id)
        assert writer.flush(60), writer.trouble
    return run_of(folder, number)


def run_of(folder, number):
    one = trial(number).id
    return statuses(resolve("sqlite:///mlflow.db", folder), [one])[one].run_id


def picture(folder, number):
    return read_artifact(resolve("sqlite:///mlflow.db", folder), run_of(folder, number), "views/picture.png")


def addresses(folder):
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        runs = connection.execute("select artifact_uri from runs").fetchall()
        return [row[0] for row in [*runs, *connection.execute("select artifact_location from experiments")]]


@pytest.mark.parametrize("name", ["50%25 done", "what?now", "a#b;c&d", "ü ß"])
def test_a_folder_of_any_name_holds_its_database_and_artifacts(tmp_path, template, name):
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(template, folder / "mlflow.db")
    run = write(folder, 1, b"content")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (folder / f"mlartifacts/quickstart/{run}/artifacts/views/picture.png").read_bytes() == b"content"
    assert picture(folder, 1) == b"content"


def test_a_renamed_folder_keeps_its_pictures_and_writes_beside_its_database(project):
    renamed = project.rename(project.with_name("renamed"))
    assert picture(renamed, 1) == b"first"
    run = write(renamed, 2, b"second")
    assert not project.exists()
    assert (renamed / f"mlartifacts/quickstart/{run}/artifacts/views/picture.png").read_bytes() == b"second"
    assert picture(renamed, 1) == b"first"
    assert not [address for address in addresses(renamed) if "/project/" in address and "quickstart" in address]


def test_a_copy_reads_and_writes_its_own_artifacts(project, tmp_path):
    copied = tmp_path / "a copy"
    shutil.copytree(project, copied)
    for file in project.glob("mlartifacts/quickstart/*/artifacts/views/picture.png"):
        file.write_bytes(b"changed in the first place")
    assert picture(copied, 1) == b"first"
    write(copied, 2, b"second")
    assert len(list(copied.glob("mlartifacts/quickstart/*/artifacts/views/picture.png"))) == 2
    assert len(list(project.glob("mlartifacts/quickstart/*/artifacts/views/picture.png"))) == 1


def test_a_database_copied_alone_still_reads_the_artifacts_where_they_are(project, tmp_path):
    (tmp_path / "alone").mkdir()
    shutil.copy(project / "mlflow.db", tmp_path / "alone/mlflow.db")
    assert picture(tmp_path / "alone", 1) == b"first"


def test_addresses_that_probeline_did_not_give_stay(project):
    with closing(sqlite3.connect(project / "mlflow.db")) as connection, connection:
        connection.execute(
            "update experiments set artifact_location = 's3://bucket/x' where experiment_id = 0",
        )
    before = sorted(addresses(project))
    follow_moved_database(resolve("sqlite:///mlflow.db", project))
    assert sorted(addresses(project)) == before
    assert current_folder("s3://bucket/mlartifacts/x", project / "mlflow.db") is None
    assert current_folder("file:///elsewhere/x", project / "mlflow.db").as_posix() == "/elsewhere/x"
