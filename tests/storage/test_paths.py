"""Places: folders, and addresses of a real S3-compatible server."""

import pytest
from helpers.s3_server import S3Server
from probeline.errors import StorageError, UserError
from probeline.storage.paths import RemotePath, on_disk, parse_path, tried, write_atomic


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = S3Server(tmp_path_factory.mktemp("s3"))
    yield started
    started.end()


@pytest.fixture
def bucket(server, monkeypatch, request):
    """A place of the test's own in the bucket, with the login in the environment."""
    forget()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    yield parse_path(f"s3://trials/{request.node.name}")
    forget()


def forget():
    """fsspec keeps its clients; what follows reads the environment anew, as a new process does."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()


def test_a_file_is_replaced_whole(tmp_path):
    write_atomic(tmp_path / "a", b"one")
    write_atomic(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_path_is_a_path_and_a_uri_an_address(tmp_path):
    assert parse_path(tmp_path) == tmp_path
    assert parse_path(f"file://{tmp_path}") == tmp_path
    assert parse_path("s3://bucket/prefix/") == RemotePath("s3://bucket/prefix")
    assert str(parse_path("s3://bucket") / "a" / "b.json") == "s3://bucket/a/b.json"
    assert (parse_path("s3://bucket") / "a" / "b.json").name == "b.json"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("bob:hidden@127.0.0.1:9", r"storage \*\*\*@127\.0\.0\.1:9: looks like a login without a scheme"),
        (
            "s3://me:hidden@bucket/a",
            r"s3://me:\*\*\*@bucket/a: a login is no part of an address.*AWS_SECRET_ACCESS_KEY",
        ),
        ("s3://bucket/a?token=hidden", "allowed: SCHEME://BUCKET/PREFIX"),
        ("nonsense://bucket", r"nonsense://bucket: .*allowed: a folder, or .*s3://"),
        ("gs://bucket", "pip install 'gcsfs'"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_without_its_login(wrong, said):
    with pytest.raises(UserError, match=said) as refused:
        parse_path(wrong)
    assert "hidden" not in str(refused.value)


def test_what_is_written_in_a_bucket_is_read_listed_and_removed_whatever_was_listed_before(bucket):
    assert bucket.iterdir() == []
    assert not (bucket / "a" / "b").is_file()
    write_atomic(bucket / "a" / "b", b"one")
    write_atomic(bucket / "a" / "b", b"three")
    write_atomic(bucket / "c", b"")
    assert (bucket / "a" / "b").read_bytes() == b"three"
    assert [each.name for each in bucket.iterdir()] == ["a", "c"]
    assert (bucket / "a").size() == bucket.size() == 5
    with on_disk(bucket / "a" / "b") as file:
        assert (file.name, file.read_bytes()) == ("b", b"three")
    assert not file.exists()
    (bucket / "a").remove()
    (bucket / "a").remove()
    assert [each.name for each in bucket.iterdir()] == ["c"]
    with pytest.raises(FileNotFoundError):
        (bucket / "a" / "b").read_bytes()


def test_a_place_that_works_leaves_nothing_behind_when_tried(bucket, server, tmp_path):
    assert tried(bucket) == bucket
    assert tried(tmp_path) == tmp_path
    assert not [name for name in server.names() if ".probeline-" in name]


def refused(where: RemotePath) -> str:
    with pytest.raises(UserError) as said:
        tried(where)
    assert "\n" not in str(said.value)
    return str(said.value)


def test_a_bucket_that_is_not_there_is_one_message(bucket):
    assert "storage s3://elsewhere/a" in refused(parse_path("s3://elsewhere/a"))


def test_a_wrong_login_or_none_is_one_message_without_it(bucket, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret-4711")
    said = refused(bucket)
    assert str(bucket) in said
    assert "planted-secret-4711" not in said

    forget()
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "login" in refused(bucket)


@pytest.mark.slow  # it waits for a server that never answers
def test_a_server_that_is_away_is_one_message_and_a_failure_of_the_storage_later(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "AWS_ENDPOINT_URL" in refused(bucket)
    with pytest.raises(StorageError, match=str(bucket)):
        (bucket / "a").write_bytes(b"one")
