"""What goes over experiments: a collection of two, one of which has no data, their index and the leaderboard."""

import json
import re
import sys

import pytest
from helpers.json_shapes import check, shape_of
from probeline.cli.app import app, main
from probeline.cli.shapes import OF_COLLECTION
from probeline.core.events import Record
from probeline.errors import UserError
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.experiment.problems import SpecError
from probeline.tracking.server.location import resolve
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.writing.writer import Writer
from typer.testing import CliRunner

SPEC = """
name: {name}
base: {{data: {data}, encoder: {{name: resnet, width: 4}}, method: simclr}}
arms: {{simclr: {{}}, byol: {{method: byol}}, floor: {{method: random_init}}}}
seeds: 3
report: {{metric: linear_probe/top1}}
"""
COLLECTION = """
name: pair
question: Which beats its floor?
collection:
  - {system: SimCLR, paper: Chen et al. 2020, protocol: a probe, spec: specs/here.yaml, cell: simclr, floor: floor}
  - {system: BYOL <b>, paper: Grill et al. 2020, protocol: kNN, spec: specs/here.yaml, cell: byol, floor: floor,
     metric: knn/top1}
  - {system: Elsewhere, paper: Nobody, protocol: none, spec: specs/absent.yaml, cell: simclr, floor: floor}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A collection of two experiments: of one all trials but BYOL's have finished, the other's data is nowhere."""
    folder = tmp_path_factory.mktemp("collection")
    (folder / "specs").mkdir()
    (folder / "pair.yaml").write_text(COLLECTION)
    (folder / "specs/here.yaml").write_text(SPEC.format(name="here", data="digits"))
    absent = "{name: image_folder, path: nowhere.tar}"
    (folder / "specs/absent.yaml").write_text(SPEC.format(name="absent", data=absent))
    uri = resolve(f"sqlite:///{folder}/mlflow.db")
    with Writer(uri, ExperimentInfo("here"), folder / ".probeline") as writer:
        for trial in make(load(folder / "specs/here.yaml"), uri).todo:
            if trial.cell.label != "byol":
                better = (0.2 + 0.001 * trial.seed) * (trial.cell.label == "simclr")
                writer.started(trial)
                writer.records(trial.id, [Record("linear_probe/top1", 0.5 + better)])
                writer.finished(trial.id)
        assert not writer.close(300)
    return folder


@pytest.fixture
def said(folder, monkeypatch):
    """What a command prints in that folder; what it raises is raised here."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("PROBELINE_FOLDER", raising=False)
    return lambda *words: CliRunner().invoke(app, words, catch_exceptions=False).stdout


@pytest.fixture
def answer(said, monkeypatch, capsys):
    """What a command answers with --json in that folder."""

    def of(*words):
        monkeypatch.setattr(sys, "argv", ["probeline", *words, "--json"])
        with pytest.raises(SystemExit):
            main()
        return json.loads(capsys.readouterr().out)

    monkeypatch.setattr(sys, "path", list(sys.path))
    return of


def test_a_plan_counts_what_the_rows_need_and_says_what_has_no_data(said, answer):
    text = said("plan", "pair.yaml")
    assert "3 systems of 2 experiments, 3 trials to run" in text
    assert re.search(r"specs/here.yaml +6 finished, 3 new", text)
    assert re.search(r"specs/absent.yaml +cannot run: .*nowhere.tar", text)
    plans = answer("plan", "pair.yaml")["plans"]
    assert [each.get("counts") for each in plans] == [{"finished": 6, "new": 3}, None]
    with pytest.raises(UserError, match="for one experiment"):
        said("plan", "pair.yaml", "--max-trials", "2")


def test_the_page_has_a_row_a_system_and_the_reason_where_there_is_no_number(folder, said):
    said("report", "pair.yaml")
    reports = folder / ".probeline/reports/pair"
    page = (reports / "index.html").read_text()
    assert "1 of 1 systems beat their floors; 2 of 3 have no number here" in page
    assert "70.1%" in page and "beats its floor" in page and "BYOL &lt;b&gt;" in page
    assert "No number: not run" in page and "nowhere.tar" in page
    for link in re.findall(r'href="(pages/[^"]+)"', page):
        assert (reports / link).is_file()
    assert "SimCLR](pages/here/index.html)" in (reports / "report.md").read_text()


@pytest.mark.parametrize("command", OF_COLLECTION)
def test_the_help_of_a_command_has_the_shape_of_its_answer_about_a_collection(folder, answer, command):
    (folder / "ran.yaml").write_text(COLLECTION.partition("  - {system: BYOL")[0])
    check(shape_of(command, "Of a collection: "), answer(command, "ran.yaml"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            "cell: simclr",
            "pair.yaml:5 collection[0].cell: 'simclrr' in specs/here.yaml: unknown; did you mean 'simclr'?",
        ),
        (", floor: floor", "pair.yaml:5 collection[0]: names no floor"),
        ("paper: Chen et al. 2020, ", "pair.yaml:5 collection[0].paper: missing; it has no default"),
    ],
)
def test_a_mistake_in_a_row_is_a_message_with_its_line(folder, said, wrong, message):
    replaced = {"cell: simclr": "cell: simclrr"}.get(wrong, "")
    (folder / "wrong.yaml").write_text(COLLECTION.replace(wrong, replaced, 1))
    with pytest.raises(SpecError) as refused:
        said("plan", "wrong.yaml")
    assert message.replace("pair.yaml", "wrong.yaml") in str(refused.value)


def test_the_index_has_answers_first_and_links_only_to_pages_that_are_there(folder, said):
    (folder / ".probeline/reports/absent").mkdir(parents=True, exist_ok=True)
    said("index", "specs", "pair.yaml")
    page = (folder / ".probeline/reports/index.html").read_text()
    assert "simclr has the highest linear probe top-1 accuracy: 70.1%" in page
    assert "6 of 9 trials finished, 3 new" in page
    assert page.index("simclr has the highest") < page.index("specs/absent.yaml") and "not run" in page
    links = re.findall(r'href="([^"]+)"', page)
    assert all((folder / ".probeline/reports" / link).is_file() for link in links)
    assert "a collection of 3 systems of 2 experiments" in page


def test_the_index_counts_one_system_of_one_experiment_as_one(folder, answer):
    (folder / "one.yaml").write_text(COLLECTION.partition("  - {system: BYOL")[0])
    (entry,) = answer("index", "one.yaml", "--out", "one")["experiments"]
    assert entry["state"] == "a collection of 1 system of 1 experiment"


def test_the_board_says_who_stands_alone_and_writes_the_same_as_json(said, answer):
    assert "simclr" in said("board", "--where", "experiment=here")
    (contest,) = answer("board")
    assert [[each["entrant"] for each in group] for group in contest["groups"]] == [["simclr"], ["floor"]]
    assert contest["groups"][0][0]["rank"] == [1, 1] and contest["groups"][0][0]["n"] == 3
    with pytest.raises(UserError, match="got no KEY=VALUE"):
        said("board", "--where", "simclr")


def test_a_command_that_takes_one_experiment_refuses_a_collection(said):
    with pytest.raises(SpecError, match=r"pair.yaml:4 collection: several experiments stand in this file"):
        said("views", "pair.yaml")
