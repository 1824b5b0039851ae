"""What a shell is offered at TAB, and that it needs nothing heavy for it."""

import os
import subprocess
import sys

import pytest
from probeline.cli.app import app
from probeline.cli.completion import callbacks, candidates, split_line

SPEC = """
name: grid
base: {data: digits, method: simclr, training: {lr: 0.1}}
grid: {method.temperature: [0.1, 0.5]}
when: [{if: {method: simclr}, grid: {training.batch_size: [32, 64]}}]
"""
CHILD = "name: child\nextends: grid.yaml\nscales: {smoke: {seeds: 1}, small: {seeds: 2}, lab: {}}\n"


@pytest.fixture
def offered(tmp_path, monkeypatch):
    (tmp_path / "specs").mkdir()
    (tmp_path / "grid.yaml").write_text(SPEC)
    (tmp_path / "child.yaml").write_text(CHILD)
    (tmp_path / "notes.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    return lambda line: candidates(split_line(f"probeline {line}"), callbacks(app))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pl", ["plan"]),
        ("show", ["show", "show-spec"]),
        ("plan ", ["child.yaml", "grid.yaml", "specs/"]),
        ("plan --max-trials 3 ch", ["child.yaml"]),
        ("plan child.yaml --scale s", ["smoke", "small"]),
        ("plan --scale=s ch", ["child.yaml"]),
        ("run child.yaml --scale=sm", ["--scale=smoke", "--scale=small"]),
        ("run child.yaml --set me", ["method.temperature=", "method="]),
        ("run child.yaml --set training.", ["training.batch_size=", "training.lr="]),
        ("run child.yaml --max-h", ["--max-hours"]),
        ("report child.yaml --no", ["--no-publish"]),
        ("list met", ["methods", "metrics"]),
        ("list methods rot", ["rotation"]),
        ("list metrics kn", ["knn"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("lint grid.yaml ch", ["child.yaml"]),
        ("nothing ", []),
        ("plan none.yaml --scale ", []),
        ("show ", []),
        ('plan "ch', ["child.yaml"]),
    ],
)
def test_a_shell_is_offered_what_may_stand_next(offered, line, words):
    assert offered(line) == words


def test_trial_ids_come_from_the_database_beside_the_command(offered, database, uri):
    import sqlite3

    with sqlite3.connect(database) as connection:
        connection.execute("insert into experiments (experiment_id, name, lifecycle_stage) values (7, 'x', 'active')")
        for number, trial in enumerate(("ab12", "ab34", "cd56")):
            connection.execute(
                "insert into runs (run_uuid, experiment_id, status, lifecycle_stage) "
                "values (?, 7, 'FINISHED', 'active')",
                (str(number),),
            )
            connection.execute("insert into tags values ('probeline.trial_id', ?, ?)", (trial, str(number)))
    assert offered(f"show --tracking-uri {uri} ab") == ["ab12", "ab34"]
    assert offered("show c") == ["cd56"]


def test_bash_completes_by_the_printed_script_and_loads_nothing_heavy(offered, tmp_path):
    words = [sys.executable, "-m", "probeline.cli", "completion", "bash"]
    script = subprocess.run(words, capture_output=True, text=True, check=True)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "probeline"
    command.write_text(
        f"#!{sys.executable}\nimport sys\nfrom probeline.cli import main\nmain()\n"
        "print(sorted({'pydantic', 'rich', 'mlflow', 'numpy'} & set(sys.modules)), file=sys.stderr)\n"
    )
    command.chmod(0o755)
    line = "probeline run child.yaml --set method.t"
    typed = f"COMP_LINE='{line}'; COMP_POINT={len(line)}; _probeline; echo ${{COMPREPLY[@]}}"
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)}
    bash = ["bash", "--norc", "-c", f"{script.stdout}\n{typed}"]
    done = subprocess.run(bash, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["method.temperature="]
    assert done.stderr.strip().splitlines()[0] == "[]"
