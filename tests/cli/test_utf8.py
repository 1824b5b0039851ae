"""Labels in any script under locales that cannot hold them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = """
name: scripts
base:
  data: {name: digits, train_size: 100, test_size: 100}
  encoder: raw_pixels
  method: random_init
  training: {epochs: 0}
  evaluation: [{name: knn, k: 1}]
arms:
  größe: {evaluation.knn.k: 3}
  猫: {evaluation.knn.k: 5}
"""
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def probeline(folder: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess:
    """The command with such variables, and none of them from outside."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("LC_", "LANG", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONCOERCECLOCALE"))
    }
    command = [sys.executable, "-m", "probeline.cli", *words]
    return subprocess.run(command, cwd=folder, env={**inherited, **environment}, capture_output=True, timeout=600)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scripts.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("environment", [ASCII, {"PYTHONIOENCODING": "ascii"}, {**ASCII, "PYTHONUTF8": "1"}])
def test_labels_that_the_terminal_cannot_show_are_escaped_there_and_nowhere_else(folder, environment):
    planned = probeline(folder, environment, "plan", "scripts.yaml")
    assert planned.returncode == 0, planned.stderr.decode()
    text = planned.stdout.decode("utf-8")
    assert "größe" in text or r"gr\xf6\xdfe" in text
    table = probeline(folder, environment, "plan", "scripts.yaml", "--json")
    assert "\\u732b" in table.stdout.decode("ascii")


@pytest.mark.slow
def test_a_run_and_its_report_keep_the_labels_under_an_ascii_locale(folder):
    for words in (("run",), ("report", "--out", "page")):
        ended = probeline(folder, ASCII, words[0], "scripts.yaml", *words[1:])
        assert ended.returncode == 0, ended.stderr.decode()
    assert all(label in (folder / "page/report.md").read_text(encoding="utf-8") for label in ("größe", "猫"))
