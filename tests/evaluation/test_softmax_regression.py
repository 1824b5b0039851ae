import numpy as np
import pytest
import torch
from probeline.evaluation._softmax_regression import fit, principal_axes
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

PENALTIES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
"""The probes' own grid, from the strongest on."""


def rectified(samples, dim, classes=10):
    """Correlated features after a ReLU, standardised, on their principal axes, and labels that depend on them."""
    generator = torch.Generator().manual_seed(0)
    factors = torch.randn(samples, 32, generator=generator)
    x = (factors @ torch.randn(32, dim, generator=generator) + torch.randn(samples, dim, generator=generator)).relu()
    y = factors[:, :classes] + torch.randn(samples, classes, generator=generator)
    x = (x - x.mean(0)) / x.std(0, correction=0)
    return x @ principal_axes(x), y.argmax(1)


def objective(x, y, weight, l2):
    x, weight = x.double(), weight.double()
    loss = torch.nn.functional.cross_entropy(x @ weight[:-1] + weight[-1], y)
    return float(loss + 0.5 * l2 * weight[:-1].square().sum())


def scikit_learns(x, y, l2):
    peer = LogisticRegression(C=1 / (len(x) * l2), tol=1e-7, max_iter=20_000).fit(x.double().numpy(), y.numpy())
    return torch.from_numpy(np.vstack([peer.coef_.T, peer.intercept_]))


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


def test_at_every_penalty_of_the_grid_it_is_within_a_thousandth_of_the_optimum():
    (x, y), model = rectified(300, 120), None
    for l2 in PENALTIES:
        model = fit(x, y, 10, l2, model)
        assert model.converged
        assert objective(x, y, model.weight, l2) < 1.001 * objective(x, y, scikit_learns(x, y, l2), l2)


@pytest.mark.parametrize(("samples", "dim", "l2"), [(360, 1500, 1e-4), (1000, 256, 1e-5)])
def test_with_many_features_and_a_weak_penalty_too(samples, dim, l2):
    """Where a search that ended by absolute tolerances was 89% and 11% above the optimum."""
    x, y = rectified(samples, dim)
    model, peer = fit(x, y, 10, l2), scikit_learns(x, y, l2)
    assert objective(x, y, model.weight, l2) < 1.001 * objective(x, y, peer, l2)
    theirs = (x.double() @ peer[:-1] + peer[-1]).argmax(1)
    assert torch.equal(model.probabilities(x).argmax(1), theirs)


def test_a_limit_that_ends_it_is_told():
    x, y = rectified(100, 50)
    short = fit(x, y, 10, 1e-5, iterations=10)
    assert (short.converged, fit(x, y, 10, 1e-5).converged) == (False, True)
    assert objective(x, y, short.weight, 1e-5) < objective(x, y, torch.zeros(51, 10), 1e-5)


def test_a_class_without_a_sample_gets_next_to_no_probability():
    x, y = rectified(100, 20)
    model = fit(x, y, 12, 1e-2)
    assert model.converged
    assert float(model.probabilities(x)[:, 10:].max()) < 1e-3


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
