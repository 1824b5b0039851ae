"""Every command with --json: one JSON value on standard output, of the shape that its help states, and nothing else."""

import json
import sys
from datetime import UTC, datetime

import pytest
from helpers.command_line import SPEC
from helpers.json_shapes import check, shape_of
from probeline.cli import app
from probeline.cli.completion import callbacks
from probeline.cli.output import plain
from probeline.cli.shapes import SHAPES

CALLS = {
    "plan": ["small.yaml"],
    "status": ["small.yaml"],
    "views": ["small.yaml", "--set", "method=simclr"],
    "data": ["small.yaml"],
    "gc": ["small.yaml"],
    "list": ["methods"],
    "schema": ["--out", "schema.json"],
    "completion": ["bash"],
    "show-spec": ["small.yaml"],
    "lint": ["wrong.yaml"],
    "init": ["first.yaml", "--data", "digits", "--methods", "random_init", "--seeds", "1"],
    "board": [],
    "index": ["small.yaml"],
    "report": ["small.yaml", "--from", "none"],
    "compare": ["small.yaml", "none.parquet"],
    "run": ["none.yaml"],
    "show": ["no-id"],
    "ui": ["--tracking-uri", "ftp://x"],
    "dash": ["none.yaml", "--port", "0"],
    "doctor": ["none.yaml"],
    "submit": ["small.yaml", "--address", "http://["],
    "logs": ["small", "--address", "http://["],
    "stop": ["small", "--address", "http://["],
    "verify": ["none.yaml"],
    "replay": ["no-id"],
}
"""What each command is called with. The last twelve need what a test of seconds has not, and tell of a mistake."""

FAILING = list(CALLS)[-12:]
"""What they answer where all is well: `test_app.py` (run, report, show, doctor, ui), tests/execution/jobs."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "small.yaml").write_text(SPEC)
    (tmp_path / "wrong.yaml").write_text(SPEC.replace("epochs: 0", "epoch: 0"))
    (tmp_path / ".probeline").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def answer(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["probeline", *words])
    with pytest.raises(SystemExit) as ended:
        app.main()
    return ended.value.code or 0, json.loads(capsys.readouterr().out)


def test_every_command_is_called_here_and_has_a_shape():
    assert set(CALLS) == set(SHAPES) == set(callbacks(app.app))


@pytest.mark.parametrize("command", CALLS)
def test_a_command_prints_one_json_value_of_the_shape_that_its_help_states(folder, command, monkeypatch, capsys):
    code, value = answer(monkeypatch, capsys, command, *CALLS[command], "--json")
    if command in FAILING:
        assert code == 2 and set(value) == {"error"} and set(value["error"]) == {"message", "exit_code"}
        return
    assert code == (2 if command == "lint" else 0)
    check(shape_of(command, "with --out " if "--out" in CALLS[command] else "--json: "), value, command)


@pytest.mark.parametrize("command", sorted(set(SHAPES) - {"schema"}))
def test_a_shape_names_all_keys(command):
    assert shape_of(command)


@pytest.mark.parametrize(
    "value", [{"name": "a"}, {"name": "a", "trials": {}, "more": 1}, {"name": "a", "trials": {"0": [{"a": 1}]}}, []]
)
def test_a_value_of_another_shape_is_found(value):
    with pytest.raises(AssertionError):
        check({"name": None, "trials": {"SEED": [{"b": None}]}}, value)


@pytest.mark.parametrize("words", [["plan"], ["plan", "small.yaml", "--nothing"], ["nothing"], ["ui", "--port", "-1"]])
def test_words_that_the_command_line_does_not_have_are_json_too(folder, words, monkeypatch, capsys):
    code, value = answer(monkeypatch, capsys, *words, "--json")
    assert code == 2 and value["error"]["exit_code"] == 2 and value["error"]["message"]


def test_what_json_has_no_word_for_is_null_or_text():
    at = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert plain({1: float("nan"), "a": (1, 2.5), "b": {"x"}, "c": folder, "d": at}) == {
        "1": None, "a": [1, 2.5], "b": ["x"], "c": str(folder), "d": "2026-11-28T12:00:00+00:00"}  # fmt: skip
