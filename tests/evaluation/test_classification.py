import csv

import pytest
import torch
from helpers.hostile import CLASSES
from helpers.subjects import files, of_features, values
from probeline.core.metric import classifier_metrics, described
from probeline.evaluation._classification import calibration_error, confusion, report
from probeline.storage.spreadsheet_text import original
from sklearn.metrics import confusion_matrix


def test_the_confusion_matrix_is_scikit_learns():
    generator = torch.Generator().manual_seed(0)
    predicted, labels = torch.randint(5, (2, 200), generator=generator)
    assert confusion(predicted, labels, 5).tolist() == confusion_matrix(labels, predicted, labels=range(5)).tolist()


def test_a_sure_and_right_classifier_has_no_calibration_error():
    assert calibration_error(torch.eye(4), torch.arange(4)) == 0.0


def test_a_sure_and_wrong_classifier_has_an_error_of_one():
    assert calibration_error(torch.eye(4), torch.arange(4).roll(1)) == 1.0


def test_the_error_is_the_gap_weighted_by_the_share_of_its_bin():
    # Three samples at confidence 0.9, two of them right; one at 0.6, right: |2 - 2.7| / 4 + |1 - 0.6| / 4.
    probabilities = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4]], dtype=torch.float64)
    assert calibration_error(probabilities, torch.tensor([0, 0, 1, 0])) == pytest.approx(0.7 / 4 + 0.4 / 4)


def outcomes(classes, tmp_path):
    """A classifier that is right on the first half of the classes, on one sample of each."""
    labels = torch.arange(len(classes))
    probabilities = torch.eye(len(classes))[torch.where(labels < len(classes) // 2, labels, 0)]
    data = of_features((probabilities, labels), (probabilities, labels), (probabilities, labels), classes)
    return list(report(probabilities, data, tmp_path))


def test_every_class_keeps_its_own_metric_whatever_it_is_called(tmp_path):
    results = values(outcomes(CLASSES, tmp_path))
    own = {name: results[f"top1/{name}"] for name in CLASSES}
    assert [own[name] for name in CLASSES] == [1.0] * (len(CLASSES) // 2) + [0.0] * (len(CLASSES) - len(CLASSES) // 2)
    declared = classifier_metrics("probe")
    titles = [described(declared, f"top1/{name}", "-").title for name in CLASSES]
    assert titles == [f"probe top-1 accuracy, class {name}" for name in CLASSES]


def test_the_confusion_matrix_names_every_class(tmp_path):
    (path,) = files(outcomes(CLASSES, tmp_path))
    head = next(csv.reader(path.open(encoding="utf-8", newline="")))
    assert "'=cmd()|'/C calc'!A0" in head
    assert tuple(map(original, head[1:])) == CLASSES


def test_a_class_folder_whose_name_is_no_text_is_written_all_the_same(tmp_path):
    events = outcomes(("a", "b\udcff"), tmp_path)
    assert "top1/b\udcff" in values(events) and b"b\\udcff" in files(events)[0].read_bytes()
