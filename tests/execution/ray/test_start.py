"""Ray's start: folders that it cannot use, and a machine on which it takes too long."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import ray
from probeline.errors import UserError
from probeline.execution.ray import start
from probeline.execution.ray.connection import connected
from probeline.experiment.resources import Resources

STARTED_LATE = "The current node timed out during startup. This could happen because some of the raylet failed."


def test_a_folder_too_long_for_sockets_is_said_before_ray_starts_with_a_variable_that_moves_it(tmp_path, monkeypatch):
    long = tmp_path / ("t" * 100)
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("TMPDIR", str(long))
    with (
        pytest.raises(UserError, match=r"^TMPDIR=.*too long for Ray.*at most \d+; RAY_TMPDIR=/tmp"),
        connected(None, Resources()),
    ):
        raise AssertionError("started")
    monkeypatch.setenv("RAY_TMPDIR", tempfile.gettempdir() if len(tempfile.gettempdir()) < 20 else "/tmp")
    start.check_folder(start.ray_folder())


@pytest.fixture
def base():
    """A folder whose name is short."""
    with tempfile.TemporaryDirectory(prefix="p", dir="/tmp") as folder:
        yield Path(folder)


def test_the_longest_folder_that_is_allowed_holds_rays_longest_socket(base):
    room = start.SOCKET_BYTES - len(f"{base}//{start.SOCKET}")
    fits, too_long = base / ("x" * room), base / ("x" * (room + 1))
    start.check_folder(fits)
    assert len(str(fits / start.SOCKET)) == start.SOCKET_BYTES
    with pytest.raises(UserError, match="too long"):
        start.check_folder(too_long)


def test_a_folder_that_is_a_file_is_one_message(base):
    (base / "file").touch()
    with pytest.raises(UserError, match=r"file: Ray cannot write there .*RAY_TMPDIR=FOLDER"):
        start.check_folder(base / "file")


@pytest.fixture
def late(monkeypatch):
    """Makes Ray's first starts time out, as on a busy machine; a list of what was tried."""
    real, tried = ray.init, []

    def begin(times: int, error: Exception) -> list:
        def init(**options: object) -> object:
            tried.append(options)
            if len(tried) <= times:
                raise error
            return real(**options)

        monkeypatch.setattr(ray, "init", init)
        return tried

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return begin


def test_ray_that_comes_up_too_late_is_tried_once_more(late):
    tried = late(1, Exception(STARTED_LATE))
    with connected(None, Resources()):
        assert ray.is_initialized()
    assert len(tried) == 2


def test_ray_that_never_comes_up_is_one_message(late):
    tried = late(5, Exception(STARTED_LATE))
    with (
        pytest.raises(UserError, match=r"does not start here, tried twice: The current node timed out.*session_latest"),
        connected(None, Resources()),
    ):
        raise AssertionError("started")
    assert len(tried) == 2


def test_what_another_try_does_not_mend_is_said_at_once(late):
    tried = late(5, OSError("No space left on device"))
    with pytest.raises(UserError, match="tried once: No space left"), connected(None, Resources()):
        raise AssertionError("started")
    assert len(tried) == 1


def test_the_engine_imports_no_mlflow_before_the_first_trial():
    script = (
        "import sys, probeline.execution.ray.engine as engine; from ray import tune; "
        "assert engine.usage.tag_callbacks([tune.Callback()]) is False; "
        "assert 'mlflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
