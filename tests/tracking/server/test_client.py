"""Which of MLflow's refusals are waited out."""

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST, INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE
from probeline.tracking.server.client import passing, reason, retried


@pytest.mark.parametrize(
    "database",
    [
        "(sqlite3.IntegrityError) UNIQUE constraint failed: experiment_tags.key, experiment_tags.experiment_id",
        '(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint "experiment_tag_pk"',
        "(pymysql.err.IntegrityError) (1062, \"Duplicate entry 'key-1' for key 'PRIMARY'\")",
    ],
)
def test_of_two_that_write_a_key_for_the_first_time_at_once_the_refused_one_tries_again(database):
    assert passing(MlflowException(database, BAD_REQUEST))


@pytest.mark.parametrize(
    "database",
    [
        "QueuePool limit of size 1 overflow 1 reached, connection timed out, timeout 30.00 (Background on this error "
        "at: https://sqlalche.me/e/20/3o7r)",
        "(psycopg2.InterfaceError) connection already closed",
    ],
)
def test_a_server_without_a_database_connection_is_waited_for_though_mlflow_calls_it_a_bad_request(database):
    assert passing(MlflowException(database, BAD_REQUEST))


def test_a_status_of_the_server_is_told_in_words_and_an_exhausted_pool_with_its_remedy():
    hidden = "API request to http://s failed with exception Pool(): ResponseError('too many 500 error responses')"
    assert reason(MlflowException(hidden)).startswith("the tracking server answers 500: an error of its own")
    assert "raise MLFLOW_SQLALCHEMYSTORE_POOL_SIZE" in reason(MlflowException(hidden))
    assert "raise MLFLOW_SQLALCHEMYSTORE_POOL_SIZE" in reason(MlflowException("QueuePool limit of size 1", BAD_REQUEST))
    lost = "Max retries exceeded with url: /x?y=z (Caused by ProtocolError('Connection aborted.'))"
    words = f"API request to http://s/x failed with exception HTTPConnectionPool(host='s', port=1): {lost}"
    assert reason(MlflowException(words)) == "API request to http://s/x failed: ProtocolError('Connection aborted.')"
    assert reason(MlflowException("first\nsecond")) == "first"
    assert reason(ValueError()) == "ValueError"


def test_a_request_whose_reply_is_lost_is_sent_again_and_one_that_is_refused_is_not():
    replies = iter([ConnectionError("closed"), MlflowException("later", TEMPORARILY_UNAVAILABLE), None, ValueError()])

    def request():
        error = next(replies)
        if error is not None:
            raise error
        return "answer"

    assert retried(request) == "answer"
    with pytest.raises(ValueError):
        retried(request)


def test_what_is_wrong_in_itself_is_not_sent_again_and_a_busy_server_is_waited_for():
    assert not passing(MlflowException("no such column", BAD_REQUEST))
    assert not passing(MlflowException("metric name is too long", INVALID_PARAMETER_VALUE))
    assert passing(MlflowException("later", TEMPORARILY_UNAVAILABLE))
    assert passing(ConnectionError("nobody listens"))
    assert not passing(ZeroDivisionError())
