"""What a store will never take is said before anything is trained, with the remedy."""

import sqlite3
from contextlib import closing

import pytest
from probeline.errors import UserError
from probeline.tracking.server.acceptance import check, revisions
from probeline.tracking.server.client import connect


def change(uri, statement, *values):
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(statement, values)


def test_the_revisions_are_those_of_the_installed_mlflow(uri):
    connect(uri)
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection:
        (made,) = connection.execute("select version_num from alembic_version").fetchone()
    head, known = revisions()
    assert made == head and head in known and len(known) > 20


def test_a_store_that_takes_everything_or_is_empty_is_not_refused(uri, tmp_path):
    check(f"sqlite:///{tmp_path}/none.db", "quickstart")
    (tmp_path / "empty.db").touch()
    check(f"sqlite:///{tmp_path}/empty.db", "quickstart")
    connect(uri).create_experiment("quickstart")
    check(uri, "quickstart")


def test_a_deleted_experiment_is_said_with_its_ways_back(uri):
    client = connect(uri)
    number = client.create_experiment("quickstart")
    client.delete_experiment(number)
    with pytest.raises(UserError) as error:
        check(uri, "quickstart")
    assert f"mlflow experiments restore --experiment-id {number}" in str(error.value)
    assert f"mlflow gc --backend-store-uri '{uri}' --experiment-ids {number}" in str(error.value)
    check(uri, "another")


def test_tables_of_an_earlier_mlflow_are_upgraded_by_the_user(uri):
    connect(uri).create_experiment("mine")
    earlier = next(iter(revisions()[1] - {revisions()[0]}))
    change(uri, "update alembic_version set version_num = ?", earlier)
    with pytest.raises(UserError, match=f"tables {earlier}.*mlflow db upgrade '{uri}'"):
        check(uri, "quickstart")


def test_a_store_whose_making_was_cut_off_is_made_anew(uri):
    connect(uri)
    change(uri, "update alembic_version set version_num = ?", next(iter(revisions()[1] - {revisions()[0]})))
    check(uri, "digits")
    assert connect(uri).search_experiments()
    check(uri, "digits")


def test_tables_of_a_later_mlflow_need_that_mlflow(uri):
    connect(uri)
    change(uri, "update alembic_version set version_num = 'ffffffffffff'")
    with pytest.raises(UserError, match="install the MLflow that wrote them"):
        check(uri, "quickstart")
