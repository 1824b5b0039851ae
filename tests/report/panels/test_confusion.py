import re

import numpy as np
import pytest
import torch
from helpers.panel_files import CLASSES, chosen
from probeline.evaluation._classification import confusion as counted
from probeline.evaluation._classification import write_confusion
from probeline.report.panels import confusion
from sklearn.metrics import confusion_matrix

NAME = "linear_probe/confusion.csv"


def test_a_field_has_its_count_and_its_share_of_the_true_classs_row():
    matrix = confusion.prepare(chosen(), "linear_probe")
    assert matrix.counts == ((3, 1, 0), (0, 0, 0), (1, 0, 9)) and matrix.classes == CLASSES
    assert matrix.shares == [[0.75, 0.25, 0], [0, 0, 0], [0.1, 0, 0.9]]


def test_what_the_protocol_wrote_is_read_back_as_scikit_learn_counts_it(tmp_path):
    random = np.random.default_rng(0)
    labels, predicted = random.integers(0, 3, 200), random.integers(0, 3, 200)
    names = ("a,b", 'quo"te', "line\nbreak")
    path = write_confusion(counted(torch.tensor(predicted), torch.tensor(labels), 3), names, tmp_path / "c.csv")
    matrix = confusion.prepare(chosen(files={NAME: path.read_bytes()}), "linear_probe")
    theirs = confusion_matrix(labels, predicted)
    assert np.array_equal(matrix.counts, theirs) and matrix.classes == names
    assert np.allclose(matrix.shares, theirs / theirs.sum(1, keepdims=True))


def test_classes_that_a_spreadsheet_computes_are_text_in_the_file_and_themselves_on_the_page(tmp_path):
    names = ("=1+1", "@SUM(1)", "＝1", "'=1")
    path = write_confusion(torch.eye(4, dtype=torch.int64), names, tmp_path / "c.csv")
    assert [line.partition(",")[0] for line in path.read_text("utf-8").splitlines()[1:]] == [
        f"'{name}" for name in names
    ]
    assert confusion.prepare(chosen(files={NAME: path.read_bytes()}), "linear_probe").classes == names


def test_the_table_has_a_header_a_class_both_ways_and_dark_fields_have_light_figures():
    drawn = str(confusion.draw(confusion.prepare(chosen(), "linear_probe")))
    assert drawn.count('scope="col"') == drawn.count('scope="row"') == 3
    fields = re.findall(r'<td class="(field[^"]*)" style="--share:(\d+)%"[^>]*>(\d*)</td>', drawn)
    assert [(kind == "field dark", share, n) for kind, share, n in fields] == [
        (True, "75", "3"), (False, "25", "1"), (False, "0", ""), (False, "0", ""), (False, "0", ""),
        (False, "0", ""), (False, "10", "1"), (False, "0", ""), (True, "90", "9"),
    ]  # fmt: skip


def test_many_classes_become_the_pairs_that_are_confused_most(tmp_path):
    counts = 9 * torch.eye(40, dtype=torch.int64)
    counts[3, 7] = 18
    path = write_confusion(counts, tuple(f"class {i}" for i in range(40)), tmp_path / "c.csv")
    drawn = str(confusion.draw(confusion.prepare(chosen(files={NAME: path.read_bytes()}), "linear_probe")))
    assert "40 classes" in drawn and "<bdi>class 3</bdi> taken for <bdi>class 7</bdi>: 18, 67%" in drawn
    assert drawn.count("<li>") == 1
    (told,) = confusion.panel([chosen(files={NAME: path.read_bytes()})], "linear_probe/top1").tables
    assert [entry.text for entry in told.rows[0]] == ["class 3", "class 7", "18", "67%"] and len(told.rows) == 1


def test_a_reader_of_text_gets_the_counts_as_a_table():
    (told,) = confusion.panel([chosen()], "linear_probe/top1").tables
    assert told.columns == ("", *CLASSES) and "simclr, seed 0, trial ab12" in told.caption
    assert [[entry.text for entry in row] for row in told.rows] == [
        ["brick", "3", "1", "0"], ["coffee", "0", "0", "0"], ["rocket", "1", "0", "9"]
    ]  # fmt: skip


def test_on_paper_a_matrix_is_a_heat_map_whose_first_class_is_on_top():
    made = confusion.panel([chosen(), chosen("other")], "linear_probe/top1")
    (draw,) = made.figures()
    drawn = draw()
    first, second = drawn.data
    assert [list(row) for row in first.z] == [[0.75, 0.25, 0], [0, 0, 0], [0.1, 0, 0.9]]
    assert [list(row) for row in first.text] == [["3", "1", ""], ["", "", ""], ["1", "", "9"]]
    assert second.xaxis == "x2" and drawn.layout.yaxis2.autorange == "reversed"
    assert drawn.layout.yaxis.ticktext == CLASSES


def test_the_metrics_protocol_is_shown_else_the_first_that_left_a_matrix():
    matrix = chosen().files[NAME]
    both = [chosen(protocols=("knn", "linear_probe"), files={"knn/confusion.csv": matrix, NAME: matrix})]
    assert confusion.panel(both, "linear_probe/top1").title.endswith("linear probe")
    assert confusion.panel(both, "rankme/h").title.endswith("knn")
    assert confusion.panel([chosen(files={})], "knn/top1") is None


def test_a_matrix_that_is_not_square_is_missing_with_its_reason():
    torn = chosen(files={NAME: b"x,a,b\r\na,1,2\r\n"})
    with pytest.raises(ValueError, match="not square"):
        confusion.prepare(torn, "linear_probe")
    assert "cannot be read (ValueError)" in confusion.panel([torn], "linear_probe/top1").missing[0]
