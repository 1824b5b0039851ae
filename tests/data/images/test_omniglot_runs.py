import numpy as np
import pytest
from helpers.omniglot_archives import archive, png, runs
from probeline.data.images.omniglot_runs import read_runs
from probeline.errors import BadData, UserError


def test_every_drawing_to_name_is_a_question_against_the_classes_of_its_run(tmp_path):
    read = read_runs(runs(tmp_path) / "all_runs.zip")
    episodes = read.episodes
    assert len(read.names) == 20 and episodes.support.shape == (10, 5, 1) and len(read.classes) == 10
    assert episodes.answer.tolist() == [1, 2, 3, 4, 0] * 2 and episodes.groups.tolist() == [0] * 5 + [1] * 5
    for support, query, answer in zip(episodes.support, episodes.query, episodes.answer, strict=True):
        assert read.labels[support[answer, 0]] == read.labels[query]
        assert {read.names[row].split("/")[0] for row in support[:, 0]} == {read.names[query].split("/")[0]}
    assert np.bincount(read.labels).tolist() == [2] * 10 and read.classes[0] == "run01/class01"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "run01/test/item01.png run01/training/class09.png",
            "class_labels.txt:1: run01/training/class09.png is absent",
        ),
        ("\nrun01/test/item01.png", "class_labels.txt:2: two drawings of one run are needed"),
        ("run01/test/item01.png run02/training/class01.png", "class_labels.txt:1: two drawings of one run are needed"),
    ],
)
def test_a_wrong_line_of_the_answers_is_named(tmp_path, table, message):
    with pytest.raises(BadData, match=message.replace(".", r"\.")):
        read_runs(runs(tmp_path, table) / "all_runs.zip")


def test_runs_of_unequal_size_and_other_archives_are_refused(tmp_path):
    (tmp_path / "a").mkdir()
    archive(tmp_path / "a" / "x.zip", {"a.png": png()})
    with pytest.raises(UserError, match="is it Omniglot's all_runs"):
        read_runs(tmp_path / "a" / "x.zip")
    line = b"%s/test/item01.png %s/training/class01.png"
    members = {f"run01/training/class0{number}.png": png() for number in (1, 2)}
    members |= {"run02/training/class01.png": png(), "run01/test/item01.png": png(), "run02/test/item01.png": png()}
    members |= {f"{run}/class_labels.txt": line % ((run.encode(),) * 2) for run in ("run01", "run02")}
    archive(tmp_path / "all_runs.zip", members)
    with pytest.raises(BadData, match="runs have 1 to 2 classes"):
        read_runs(tmp_path / "all_runs.zip")
