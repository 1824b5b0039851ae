from dataclasses import replace
from itertools import product
from math import log2

import pytest
import torch
from helpers.subjects import dataset, judged, protocol, values
from probeline.errors import NotApplicable
from probeline.evaluation.arora_bound import (
    class_collision,
    class_pairs_loss,
    hinge_loss,
    logistic_loss,
    mean_classifier_loss,
    view_pairs_loss,
)

LABELS = torch.tensor([0, 0, 0, 1, 1, 2])


def features(n=6, dim=3, seed=0):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def generator():
    return torch.Generator().manual_seed(0)


def test_both_losses_are_one_where_nothing_is_told_apart():
    assert (logistic_loss(torch.tensor(0.0)), hinge_loss(torch.tensor(0.0))) == (pytest.approx(1), 1)
    assert float(logistic_loss(torch.tensor(2.0))) == pytest.approx(log2(1 + 2.718281828**-2))
    assert hinge_loss(torch.tensor([-1.0, 0.5, 3.0])).tolist() == [2, 0.5, 0]


def test_class_collision_is_the_sum_of_squared_shares():
    assert class_collision(LABELS) == pytest.approx((9 + 4 + 1) / 36)
    assert class_collision(torch.zeros(5, dtype=torch.long)) == 1


@pytest.mark.parametrize("loss", [logistic_loss, hinge_loss])
def test_the_loss_over_views_by_hand(loss):
    a, b = features(), features(seed=1)
    terms = [loss(a[i] @ (b[i] - b[j])) for i, j in product(range(6), range(6)) if i != j]
    assert view_pairs_loss(a, b, loss) == pytest.approx(float(sum(terms) / 30))


@pytest.mark.parametrize("loss", [logistic_loss, hinge_loss])
def test_the_loss_over_pairs_of_a_class_by_hand(loss):
    """All of x, x+, x- in place of the draws."""
    f = features()
    terms = [
        (loss(f[i] @ (f[p] - f[n])), 1 / int((LABELS[i] == LABELS).sum()))
        for i, p, n in product(range(6), repeat=3)
        if LABELS[i] == LABELS[p]
    ]
    exact = float(sum(term * weight for term, weight in terms) / 36)
    assert class_pairs_loss(f, LABELS, loss, generator()) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("loss", [logistic_loss, hinge_loss])
def test_the_loss_of_the_mean_classifier_by_hand(loss):
    """Over ordered pairs of different classes, each as likely as its shares say, and the samples of the first."""
    f, total, weights = features(), 0.0, 0.0
    for c, d in product(range(3), repeat=2):
        if c != d:
            own, other = f[c == LABELS], f[d == LABELS]
            weight = len(own) * len(other) / 36
            total += weight * float(loss(own @ (own.mean(0) - other.mean(0))).mean())
            weights += weight
    assert mean_classifier_loss(f, LABELS, loss) == pytest.approx(total / weights)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("loss", [logistic_loss, hinge_loss])
def test_the_theorem_holds_for_any_representation(seed, loss):
    """Lemma 4.3 with positives of one class; 0.02 is for the draws."""
    labels = torch.arange(40) % (2 + seed)
    f = features(40, 4, seed) * (1 + seed)
    tau = class_collision(labels)
    right = (class_pairs_loss(f, labels, loss, generator()) - tau) / (1 - tau)
    assert mean_classifier_loss(f, labels, loss) <= right + 0.02 * right


def test_the_bound_is_tight_where_classes_are_points():
    """Then a class's mean is each of its samples, and Jensen's inequality an equality."""
    labels = torch.arange(60) % 3
    f = torch.eye(3, dtype=torch.float64)[labels]
    tau = class_collision(labels)
    right = (class_pairs_loss(f, labels, logistic_loss, generator()) - tau) / (1 - tau)
    assert right == pytest.approx(mean_classifier_loss(f, labels, logistic_loss), rel=0.01)


def test_a_representation_that_says_nothing_has_a_vacuous_bound(tmp_path):
    given = judged()
    for parameter in given.subject.method.parameters():
        parameter.zero_()
    results = values(protocol("arora_bound").evaluate(given, tmp_path))
    for space in "hz":
        assert results[f"{space}/mean_classifier_loss"] == results[f"{space}/bound"] == 1
        assert (results[f"{space}/vacuous"], results[f"{space}/holds"]) == (1, 1)


def test_views_that_are_the_samples_themselves_give_a_bound_by_hand(tmp_path):
    given = judged("simclr", data=dataset(48, 18, 24), augment=[{"name": "flip", "p": 0.0}])
    results = values(protocol("arora_bound", radius=3.0, loss="hinge").evaluate(given, tmp_path))
    f = 3 * torch.nn.functional.normalize(given.validation.h.double(), dim=1)
    products = f @ f.T
    expected = float((1 - (products.diagonal()[:, None] - products)).clamp(min=0).sum() - 18) / (18 * 17)
    assert results["h/unsupervised_loss"] == pytest.approx(expected, rel=1e-5)
    assert results["class_collision"] == pytest.approx(1 / 3)
    assert results["h/bound"] == pytest.approx((expected - 1 / 3) / (2 / 3), rel=1e-5)
    assert results["h/holds"] == float(results["h/mean_classifier_loss"] <= results["h/bound"])


def test_samples_of_one_class_are_refused(tmp_path):
    with pytest.raises(NotApplicable, match="one class"):
        list(protocol("arora_bound", samples=2).evaluate(judged(data=_first_two_alike()), tmp_path))


def _first_two_alike():
    data = dataset(6, 6, 6)
    order = data.validation.labels.argsort(kind="stable")
    return replace(data, validation=data.validation[order])
