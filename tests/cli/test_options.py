"""Option values that cannot be meant: each is one message with its remedy and exit code 2, never a traceback."""

import os
import sys

import pytest
from helpers.command_line import SPEC
from probeline.cli import app


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs a command in a folder with `small.yaml`; gives its exit code and what it wrote to standard error."""
    (tmp_path / "small.yaml").write_text(SPEC)
    (tmp_path / "latin1.yaml").write_bytes(b"metric: \xff\xfe")
    (tmp_path / "deep.yaml").write_text("[" * 5000)
    os.mkfifo(tmp_path / "fifo.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["probeline", *words])
        with pytest.raises(SystemExit) as ended:
            app.main()
        return ended.value.code, capsys.readouterr().err

    return run


PLAN = ("plan", "small.yaml")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*PLAN, "--cluster", "inf"), "--cluster inf: got no counts up to 10,000,000; allowed: CPUS or CPUS,GPUS"),
        ((*PLAN, "--cluster", "nan,nan"), "--cluster nan,nan: got no counts"),
        ((*PLAN, "--set", "resources.cpus=1e-300"), "resources.cpus=1e-300: got 1e-300; allowed: 0.0001 to"),
        ((*PLAN, "--tracking-uri", "http://[::1"), "tracking URI 'http://[::1': Invalid IPv6 URL; allowed: sqlite:///"),
        ((*PLAN, "--tracking-uri", "sqlite:////"), "names no file; write sqlite:///path/mlflow.db"),
        ((*PLAN, "--tracking-uri", "sqlite:///" + "x/" * 2500), "File name too long; allowed: sqlite:///"),
        ((*PLAN, "--tracking-uri", "sqlite:///a%00b"), "null byte; allowed: sqlite:///"),
        ((*PLAN, "--tracking-uri", "sqlite:///m.db?mode=ro"), "takes no options"),
        ((*PLAN, "--storage", "s3://["), "storage s3://[: Invalid IPv6 URL; allowed: a folder"),
        ((*PLAN, "--folder", "small.yaml"), "--folder small.yaml: is no folder"),
        (
            ("status", "small.yaml", "--address", "http://["),
            "--address http://[: Invalid IPv6 URL; allowed: http://HOST",
        ),
        (("run", "small.yaml", "--folder", "/proc/x"), "--folder /proc/x: cannot be written"),
        (("report", "small.yaml", "--out", "small.yaml"), "--out small.yaml: cannot be written"),
        (("report", "small.yaml", "--out", "/proc/x"), "--out /proc/x: cannot be written"),
        (("report", "small.yaml", "--expect", "/proc/x/y"), "--expect /proc/x: cannot be written"),
        (("report", "small.yaml", "--check", "latin1.yaml"), "latin1.yaml:1: byte 0xff is not UTF-8"),
        (("report", "small.yaml", "--check", "deep.yaml"), "deep.yaml:1: nested deeper than"),
        (("report", "small.yaml", "--check", "fifo.yaml"), "fifo.yaml: cannot be read: a FIFO; only regular files"),
        (("schema", "--out", "nowhere/x"), "--out nowhere/x: cannot be written"),
        (("ui", "--port", "-1"), "--port"),
        (("dash", "--port", "70000"), "--port"),
        (("plan", "fifo.yaml"), "fifo.yaml: cannot be read: a FIFO; only regular files are read"),
        (("plan", "/dev/zero"), "/dev/zero: cannot be read: a device; only regular files are read"),
        ((*PLAN, "--set", "encoder.weights=fifo.yaml"), "fifo.yaml: cannot be read: a FIFO"),
        ((*PLAN, "--set", "data={name: image_folder, path: ~nosuchuser}"), "no home folder of '~nosuchuser'"),
        ((*PLAN, "--set", f"data={{name: image_folder, path: {'a' * 300}}}"), "the name is too long"),
        ((*PLAN, "--set", 'data={name: mnist, path: "a\\0b"}'), "data set mnist: "),
    ],
)
def test_an_options_value_that_cannot_be_meant_is_one_message(command, words, says):
    code, error = command(*words)
    assert code == 2
    assert says in error and "Traceback" not in error


def test_a_path_to_nothing_named_in_a_message_cannot_reorder_the_terminal(command):
    code, error = command(*PLAN, "--set", 'data={name: image_folder, path: "\\u202ex\\e[31m"}')
    assert code == 2
    assert "\\u202ex" in error and "\u202e" not in error and "\x1b" not in error


def test_a_cache_that_cannot_be_written_is_one_message(command, monkeypatch, tmp_path):
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "small.yaml" / "below"))
    code, error = command(*PLAN)
    assert code == 2
    assert "cannot be written (Not a directory)" in error and "PROBELINE_CACHE" in error
    assert len(error.splitlines()) == 1
