import math

import pytest
import torch
from helpers.two_views import cosines, views
from probeline.losses import nt_xent, supcon
from probeline.losses.supcon import _classes

LABELS = torch.tensor([0, 1, 0, 2, 1, 0])


def test_it_equals_equation_2_written_out():
    za, zb = views()
    s, labels, total = cosines(za, zb) / 0.2, LABELS.repeat(2).tolist(), 0.0
    for i in range(12):
        denominator = sum(math.exp(s[i, a]) for a in range(12) if a != i)
        positives = [p for p in range(12) if p != i and labels[p] == labels[i]]
        total -= sum(math.log(math.exp(s[i, p]) / denominator) for p in positives) / len(positives)
    assert supcon(za, zb, LABELS, 0.2).item() == pytest.approx(total / 12, rel=1e-12)


def test_one_class_with_equal_views_gives_the_value_worked_out_by_hand():
    za = torch.tensor([[1.0, 0.0]]).repeat(3, 1)
    # All of the five others are positives with a share of one fifth each.
    assert supcon(za, za, torch.zeros(3, dtype=torch.int64)).item() == pytest.approx(math.log(5), abs=1e-5)


@pytest.mark.parametrize("labels", [torch.arange(6), torch.full((6,), -1)])
def test_without_classes_it_is_nt_xent(labels):
    torch.testing.assert_close(supcon(*views(), labels, 0.2), nt_xent(*views(), 0.2))


def test_an_unknown_label_makes_a_class_of_its_own():
    unknown = torch.tensor([0, 1, -1, 2, 1, -1])
    torch.testing.assert_close(supcon(*views(), unknown), supcon(*views(), torch.tensor([0, 1, 7, 2, 1, 9])))


def test_the_names_of_the_classes_do_not_matter():
    torch.testing.assert_close(supcon(*views(), LABELS), supcon(*views(), 100 - 7 * LABELS))


def test_it_agrees_with_pytorch_metric_learning():
    pytest.importorskip("pytorch_metric_learning", reason="the extra [pml] is not installed")
    from pytorch_metric_learning import losses, reducers

    za, zb = views(b=16, d=32, dtype=torch.float32)
    labels = torch.arange(16) % 5
    theirs = losses.SupConLoss(0.1, reducer=reducers.MeanReducer())(torch.cat([za, zb]), labels.repeat(2))
    torch.testing.assert_close(supcon(za, zb, labels, 0.1), theirs, atol=1e-5, rtol=0)


def test_labels_of_another_number_are_refused():
    with pytest.raises(ValueError, match="one for each of the 6 samples"):
        supcon(*views(), LABELS.repeat(2))


def test_classes_are_numbered_without_gaps_and_an_unknown_one_is_its_own():
    labels = torch.tensor([7, -1, 3, 7, -1, 3, 100])
    known = torch.where(labels < 0, 101 + torch.arange(7), labels)
    assert torch.equal(_classes(labels), known.unique(return_inverse=True)[1])
