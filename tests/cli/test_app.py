"""The commands as a user types them, each in a process of its own."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import SPEC, probeline
from helpers.shipped_ids import shipped_experiments
from probeline.cli.options import same_trials

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def test_the_next_commands_mean_the_same_trials():
    assert same_trials(Path("my spec.yaml"), None, None, None) == "'my spec.yaml'"
    words = same_trials(
        Path("a.yaml"), "smoke", ["training.epochs=1", "method=[simclr, byol]"], "http://me:secret@host:5000"
    )
    assert words == (
        "a.yaml --scale smoke --set training.epochs=1 --set 'method=[simclr, byol]' --tracking-uri 'http://me:***@host:5000'"
    )


def test_from_a_yaml_file_to_a_page(folder):
    assert "1 new" in probeline("plan", "small.yaml", folder=folder).stdout
    said = probeline("run", "small.yaml", folder=folder)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "1 trial finished" in said.stdout
    assert "probeline report small.yaml" in said.stdout
    again = json.loads(probeline("run", "small.yaml", "--json", folder=folder).stdout)
    assert (again["exit_code"], again["finished"], again["failed"]) == (0, [], {})

    (trial,) = json.loads(probeline("status", "small.yaml", "--json", folder=folder).stdout)
    assert trial["status"] == "finished"
    shown = json.loads(probeline("show", trial["trial_id"][:8], folder=folder).stdout)
    assert shown["trial_id"] == trial["trial_id"]
    assert 0.5 < shown["metrics"]["knn/top1"] <= 1

    report = json.loads(probeline("report", "small.yaml", "--out", "page", "--json", folder=folder).stdout)
    names = {Path(path).name for path in report["files"]}
    assert names >= {"index.html", "report.md", "results.csv", "results.parquet"}
    assert "Does it run?" in (folder / "page/index.html").read_text()
    assert "in MLflow:" in report["published"]
    assert len(list(folder.glob("mlartifacts/small/*/artifacts/report/index.html"))) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plan", "none.yaml"], "none.yaml"),
        (["plan", "."], "folder"),
        (["plan", "small.yaml", "--set", "training.epoch=3"], "did you mean 'epochs'?"),
        (["plan", "small.yaml", "--scale", "huge"], "huge"),
        (["plan", "small.yaml", "--set", "data=image_folder"], "path"),
        (["plan", "small.yaml", "--set", "data={name: image_folder, path: /none}"], "/none"),
        (["plan", "small.yaml", "--set", "encoder.weights=/none.pth"], "/none.pth"),
        (["run", "small.yaml", "--tracking-uri", "http://127.0.0.1:9"], "127.0.0.1:9"),
        (["run", "small.yaml", "--tracking-uri", "ftp://x"], "cannot be used"),
        (["list", "method"], "unknown; there are datasets"),
        (["list", "methods", "simclrr"], "did you mean 'simclr'?"),
        (["show", "not-an-id"], "an id is up to 16"),
    ],
)
def test_a_mistake_is_one_clear_message_and_exit_code_2(folder, words, message):
    said = probeline(*words, folder=folder)
    assert said.returncode == 2, said.stdout + said.stderr
    assert message in said.stderr
    assert "Traceback" not in said.stderr


def test_damaged_data_are_named_while_planning(folder):
    (folder / "images/a").mkdir(parents=True)
    for name in ("broken", "empty", "cut"):
        (folder / f"images/a/{name}.png").write_bytes(b"not a picture")
    said = probeline("plan", "small.yaml", "--set", "data={name: image_folder, path: images}", folder=folder)
    assert said.returncode == 2
    assert "broken.png" in said.stderr
    assert "Traceback" not in said.stderr


def test_help_names_every_command_and_imports_nothing_heavy(folder):
    said = probeline("--help", folder=folder).stdout
    for command in ("plan", "run", "status", "report", "ui", "list", "show", "schema", "doctor"):
        assert command in said
    code = "import sys, probeline.cli; print({'torch', 'ray', 'mlflow', 'pandas', 'numpy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_the_committed_schema_is_todays(folder):
    probeline("schema", "--out", "schema.json", folder=folder)
    assert (ROOT / "experiments/schema.json").read_text() == (folder / "schema.json").read_text()


@pytest.mark.parametrize(
    "spec", [each for each in shipped_experiments() if each.parent.name == "experiments"], ids=lambda path: path.stem
)
def test_every_shipped_experiment_names_the_schema_for_editors(spec):
    assert spec.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


def test_the_doctor_finds_this_machine_fit(folder):
    said = probeline("doctor", "--json", folder=folder)
    assert said.returncode == 0, said.stdout + said.stderr
    diagnosis = json.loads(said.stdout)
    for what in ("Python 3", "torch ", "Ray ", "MLflow ", "GiB free"):
        assert any(what in each["what"] for each in diagnosis["findings"]) and what in said.stderr
    assert diagnosis["good"]


def test_the_interface_of_mlflow_listens_on_this_machine_only_at_the_address_that_json_tells(folder, database):
    assert database.parent == folder, "beside the spec, where a run would have put it"
    command = [sys.executable, "-m", "probeline.cli", "ui", "--port", "0", "--json"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if "Uvicorn running on" in line or "Listening at" in line:
                address = re.search(r"http://127\.0\.0\.1:[1-9]\d*", line)[0]
                break
        else:
            raise AssertionError("the interface did not start")
    finally:
        process.terminate()
    assert json.loads(process.stdout.read())["url"].startswith(f"{address}/#/experiments")


def test_a_port_in_use_is_told_before_mlflow_starts(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = probeline("ui", "--port", taken.getsockname()[1], folder=folder)
    assert said.returncode == 2 and not said.stdout
    assert re.search(r"in use on 127\.0\.0\.1; --port \d+ is free", said.stderr)
