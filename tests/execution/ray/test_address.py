"""Addresses of Ray clusters, tried against real sockets."""

import socket

import pytest
from probeline.errors import UserError
from probeline.execution.ray.address import checked
from probeline.execution.ray.connection import connected
from probeline.experiment.resources import Resources


@pytest.fixture
def silent_port():
    """A port where nothing listens, held so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def listening_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "localhost:{}"])
def test_where_nothing_listens_is_said_before_ray_is_asked(form, silent_port):
    said = rf"--address .*{silent_port}: nothing listens .*ray start --head"
    with pytest.raises(UserError, match=said), connected(form.format(silent_port), Resources()):
        raise AssertionError("joined nothing")


def test_a_dead_head_in_the_environment_is_called_by_its_variable_and_so_is_the_remedy(monkeypatch, silent_port):
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{silent_port}")
    message = rf"RAY_ADDRESS=127.0.0.1:{silent_port}: nothing listens .*unset RAY_ADDRESS, or give --address local"
    for option in (None, "auto"):
        with pytest.raises(UserError, match=message):
            checked(option)
    assert checked("local") is None


def test_where_something_listens_the_address_is_left_as_it_is(listening_port):
    assert checked(f"127.0.0.1:{listening_port}") == f"127.0.0.1:{listening_port}"


@pytest.mark.parametrize("scheme", ["ray", "http"])
def test_an_address_for_those_outside_of_a_cluster_leads_to_submit(scheme, listening_port):
    with pytest.raises(UserError, match=r"joins a cluster by its head's HOST:6379; .* `probeline submit SPEC"):
        checked(f"{scheme}://127.0.0.1:{listening_port}")


@pytest.mark.parametrize("wrong", ["nonsense", "host:", ":6379", "host:port", "host:0", "host:99999"])
def test_what_is_no_address_is_refused_with_the_allowed_forms(wrong):
    with pytest.raises(UserError, match=r"allowed: auto or HOST:6379"):
        checked(wrong)


def test_auto_with_the_record_of_a_dead_head_is_said_at_once(tmp_path, monkeypatch, silent_port):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray/ray_current_cluster").write_text(f"127.0.0.1:{silent_port}")
    with pytest.raises(UserError, match=f"--address auto: nothing listens at 127.0.0.1:{silent_port}"):
        checked("auto")


def test_no_address_is_this_machine_unless_the_environment_names_a_cluster(monkeypatch, listening_port):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert checked(None) is None
    assert checked("local") is None
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{listening_port}")
    assert checked(None) == f"127.0.0.1:{listening_port}"


def test_auto_is_the_cluster_that_the_environment_names_before_any_record(tmp_path, monkeypatch, listening_port):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{listening_port}")
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray/ray_current_cluster").write_text("127.0.0.1:1")
    assert checked("auto") == f"127.0.0.1:{listening_port}"
