import pytest
import torch
from probeline.evaluation._classification import calibration_error, confusion, metric_name
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


def test_a_class_name_becomes_a_metric_name():
    assert metric_name("naïve/<b>cat") == "na_ve__b_cat"
