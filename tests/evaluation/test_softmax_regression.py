import numpy as np
import pytest
import torch
from probeline.evaluation._softmax_regression import fit, principal_axes
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


@pytest.fixture(scope="module")
def iris():
    x, y = load_iris(return_X_y=True)
    x = (x - x.mean(0)) / x.std(0)
    return torch.from_numpy(x), torch.from_numpy(y).long()


@pytest.mark.parametrize("l2", [1.0, 1e-2, 1e-4])
def test_it_finds_scikit_learns_solution(iris, l2):
    x, y = iris
    peer = LogisticRegression(C=1 / (len(x) * l2), tol=1e-10, max_iter=10_000).fit(x.numpy(), y.numpy())
    ours = fit(x, y, 3, l2, iterations=10_000, tolerance=1e-8).probabilities(x).numpy()
    assert np.abs(ours - peer.predict_proba(x.numpy())).max() < 1e-4


def test_principal_axes_change_neither_solution_nor_length(iris):
    x, y = iris
    turned = x @ principal_axes(x)
    torch.testing.assert_close((turned.T @ turned).diagonal().diag(), turned.T @ turned, atol=1e-8, rtol=0)
    a, b = (fit(features, y, 3, 1e-2, tolerance=1e-8) for features in (x, turned))
    torch.testing.assert_close(a.probabilities(x), b.probabilities(turned), atol=1e-5, rtol=0)
    torch.testing.assert_close(a.weight[:-1].norm(), b.weight[:-1].norm(), atol=1e-3, rtol=0)


def test_a_warm_start_changes_the_way_not_the_end(iris):
    x, y = iris
    cold = fit(x, y, 3, 1e-2, tolerance=1e-8)
    warm = fit(x, y, 3, 1e-2, start=fit(x, y, 3, 1.0), tolerance=1e-8)
    torch.testing.assert_close(cold.probabilities(x), warm.probabilities(x), atol=1e-5, rtol=0)


def test_twice_is_the_same_to_the_bit(iris):
    x, y = (iris[0].float(), iris[1])
    assert torch.equal(fit(x, y, 3, 1e-3).weight, fit(x, y, 3, 1e-3).weight)
