"""A report in MLflow: where a reader of MLflow's UI looks for it."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from helpers.trial_events import info, trial
from probeline.tracking.publishing.cell_view import CellAggregates, CellNumbers
from probeline.tracking.publishing.publication import publish
from probeline.tracking.server.client import connect
from probeline.tracking.server.location import sqlite_file
from probeline.tracking.server.mlflow_names import LONGEST_TAG
from probeline.tracking.writing.experiments import NOTE
from probeline.tracking.writing.writer import Writer


@pytest.fixture
def report(tmp_path):
    """A report's folder and its files."""
    folder = tmp_path / "page"
    (folder / "figures").mkdir(parents=True)
    files = [folder / name for name in ("index.html", "results.parquet", "figures/01_bars.png")]
    for file in files:
        file.write_text(file.name)
    return folder, files


def ran(uri, workdir, number=1):
    with Writer(uri, info(), workdir) as writer:
        writer.started(trial(number))
        writer.finished(trial(number).id)
        assert not writer.close()


def home_of(uri, name="quickstart"):
    client = connect(uri)
    experiment = client.get_experiment_by_name(name)
    (parent,) = client.search_runs([experiment.experiment_id], "tags.`probeline.kind` = 'experiment'")
    return experiment, parent


def files_of(uri, run_id, folder="report"):
    found = []
    for file in connect(uri).list_artifacts(run_id, folder):
        found += files_of(uri, run_id, file.path) if file.is_dir else [file.path]
    return sorted(found)


def test_the_parent_run_has_the_page_and_the_result_in_words(uri, tmp_path, report):
    ran(uri, tmp_path)
    said = publish(uri, tmp_path, info(), "**simclr wins.**", *report)
    experiment, parent = home_of(uri)
    run = f"#/experiments/{experiment.experiment_id}/runs/{parent.info.run_id}"
    address = f"{run}/artifacts/report/index.html?workflowType=machine_learning"
    assert address in said
    assert files_of(uri, parent.info.run_id) == ["report/figures/01_bars.png", "report/index.html"]
    for note in (experiment.tags[NOTE], parent.data.tags[NOTE]):
        assert note.startswith("# Does batch size matter?\n\n**simclr wins.**\n\n[The report]")
        assert address in note and str(report[0]) in note
    assert parent.data.tags["probeline.scale"] == "smoke"
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_the_description_leads_to_the_comparison_of_runs(uri, tmp_path, report):
    ran(uri, tmp_path)
    publish(uri, tmp_path, info(), "x" * (2 * LONGEST_TAG), *report, ["a1", "b2"])
    experiment, parent = home_of(uri)
    asked = f"runs=%5B%22a1%22%2C%20%22b2%22%5D&experiments=%5B%22{experiment.experiment_id}%22%5D"
    assert f"(#/compare-runs?{asked}&workflowType=machine_learning)" in parent.data.tags[NOTE]
    publish(uri, tmp_path, info(), "one trial", *report, ["a1"])
    assert "compare" not in home_of(uri)[1].data.tags[NOTE]


def test_cells_are_numbers_of_the_parent_run_and_groups_of_a_saved_view(uri, tmp_path, report):
    ran(uri, tmp_path)
    cells = {"simclr lr=0.1": CellNumbers(0.7, 0.02, 3), "80/10/10 [MASK]": CellNumbers(0.6, None, 1)}
    for _ in range(2):
        publish(uri, tmp_path, info(), "result", *report, (), CellAggregates("linear_probe/top1", cells))
    experiment, parent = home_of(uri)
    assert parent.data.metrics == {
        "linear_probe/top1/mean/simclr lr:0.1": 0.7,
        "linear_probe/top1/std/simclr lr:0.1": 0.02,
        "linear_probe/top1/n/simclr lr:0.1": 3.0,
        "linear_probe/top1/mean/80/10/10 MASK": 0.6,
        "linear_probe/top1/n/80/10/10 MASK": 1.0,
    }
    state = json.loads(experiment.tags["mlflow.sharedViewState.probeline-cells"])
    assert state["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "probeline.cell"}]
    runs = f"(#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning"
    assert f"{runs}&viewStateShareKey=probeline-cells)" in experiment.tags[NOTE]


def test_publishing_twice_and_running_a_new_trial_leave_one_parent_and_no_old_result(uri, tmp_path, report):
    ran(uri, tmp_path)
    publish(uri, tmp_path, info(), "old", *report)
    publish(uri, tmp_path, info(), "new", *report)
    assert "new" in home_of(uri)[0].tags[NOTE] and "old" not in home_of(uri)[0].tags[NOTE]
    ran(uri, tmp_path, 2)
    assert home_of(uri)[1].data.tags[NOTE] == "# Does batch size matter?"


def test_a_kind_that_somebody_chose_in_the_interface_stays(uri, tmp_path, report):
    connect(uri).create_experiment("quickstart", tags={"mlflow.experimentKind": "classification"})
    connect(uri).create_experiment("older")
    publish(uri, tmp_path, info(), "result", *report)
    publish(uri, tmp_path, info("older"), "result", *report)
    assert home_of(uri)[0].tags["mlflow.experimentKind"] == "classification"
    assert home_of(uri, "older")[0].tags["mlflow.experimentKind"] == "custom_model_development"


def test_a_long_result_is_cut_and_still_says_where_the_report_is(uri, tmp_path, report):
    publish(uri, tmp_path, info(), "\n".join(["- a comparison of two methods"] * 1000), *report)
    note = home_of(uri)[0].tags[NOTE]
    assert len(note) <= LONGEST_TAG and note.endswith(".") and "index.html" in note.rpartition("\n")[2]


def test_what_mlflow_refuses_is_a_sentence(uri, tmp_path, report):
    ran(uri, tmp_path)
    connect(uri).delete_experiment(home_of(uri)[0].experiment_id)
    said = publish(uri, tmp_path, info(), "result", *report)
    assert said.startswith("not put into MLflow (the MLflow experiment 'quickstart' was deleted")


IN_A_PROCESS = """
import sys
from pathlib import Path
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.publishing.cell_view import CellAggregates, CellNumbers
from probeline.tracking.publishing.publication import publish
uri, folder, *files = sys.argv[1:]
print(publish(uri, Path(folder), ExperimentInfo("quickstart", "words"), "result", Path(folder), map(Path, files)))
print("mlflow" in sys.modules)
"""


def test_beside_an_sqlite_file_mlflow_is_not_loaded(uri, tmp_path, report):
    ran(uri, tmp_path)
    command = [sys.executable, "-c", IN_A_PROCESS, uri, str(report[0]), *map(str, report[1])]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    assert said.startswith("in MLflow: #/experiments/") and said.splitlines()[1] == "False"
    assert files_of(uri, home_of(uri)[1].info.run_id) == ["report/figures/01_bars.png", "report/index.html"]


def test_where_the_tables_look_different_mlflow_itself_publishes_the_same(uri, tmp_path, report):
    ran(uri, tmp_path)
    publish(uri, tmp_path, info(), "result", *report)
    by_sql, left = home_of(uri), files_of(uri, home_of(uri)[1].info.run_id)
    with closing(sqlite3.connect(sqlite_file(uri))) as database, database:
        database.execute("delete from experiment_tags where key = 'mlflow.experimentKind'")
    said = publish(uri, tmp_path, info(), "result", *report)
    by_mlflow = home_of(uri)
    assert said.startswith("in MLflow") and files_of(uri, by_mlflow[1].info.run_id) == left
    for old, new in ((by_sql[0].tags, by_mlflow[0].tags), (by_sql[1].data.tags, by_mlflow[1].data.tags)):
        assert {k: v.partition(" of 20")[0] for k, v in old.items()} == {
            k: v.partition(" of 20")[0] for k, v in new.items()
        }


def test_a_database_whose_tables_refuse_the_words_is_left_to_mlflow(uri, tmp_path, report):
    ran(uri, tmp_path)
    with closing(sqlite3.connect(sqlite_file(uri))) as database, database:
        database.execute("drop table experiment_tags")
    assert publish(uri, tmp_path, info(), "result", *report).startswith("not put into MLflow (")
