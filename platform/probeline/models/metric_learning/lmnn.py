"""LMNN: target neighbours of a sample are nearer, by a margin, than samples of other classes.

K. Weinberger, L. Saul, "Distance Metric Learning for Large Margin Nearest Neighbor Classification", JMLR 2009.
"""

import numpy as np
from scipy.optimize import minimize

from probeline.models.metric_learning.matrices import squared_distances, weighted_scatter


def lmnn(
    x: np.ndarray, labels: np.ndarray, neighbours: int = 3, push: float = 0.5, iterations: int = 200
) -> np.ndarray:
    """The map L [D, D] of least loss, by L-BFGS from the identity.

    The loss is convex in L^T L; as L is square, every minimum in L is one of the convex problem.

    Args:
        x: [N, D]. labels: int64 [N]; each class needs two samples or more.
        neighbours: target neighbours of a sample, fewer where its class is smaller; chosen once, by x.
        push: mu, the weight of impostors against that of target neighbours.
    """
    targets = target_neighbours(x, labels, neighbours)
    shape = (x.shape[1], x.shape[1])

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        mapping = flat.reshape(shape)
        value, weights = margin_loss(x @ mapping.T, labels, targets, push)
        return value, (2 * mapping @ weighted_scatter(x, weights)).ravel()

    optimum = minimize(objective, np.eye(*shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    return optimum.x.reshape(shape)


def target_neighbours(x: np.ndarray, labels: np.ndarray, neighbours: int) -> np.ndarray:
    """int64 [N, K]: the rows of the nearest samples of the same class. Raises ValueError for a class of one sample."""
    _, counts = np.unique(labels, return_counts=True)
    if counts.min() < 2:
        raise ValueError("a class has one sample; every sample needs another one of its class")
    distances = np.where(labels[:, None] == labels[None], squared_distances(x, x), np.inf)
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, : min(neighbours, counts.min() - 1)]


def margin_loss(z: np.ndarray, labels: np.ndarray, targets: np.ndarray, push: float) -> tuple[float, np.ndarray]:
    """(1 - mu) pull + mu push (eq. 11 to 13), and the weight [N, N] of every squared distance in its gradient.

    z: [N, P]; targets: int64 [N, K].
    """
    distances, rows = squared_distances(z, z), np.arange(len(z))
    impostors = np.where(labels[:, None] == labels[None], np.inf, distances)
    value, weights = 0.0, np.zeros_like(distances)
    for column in targets.T:
        pulled = distances[rows, column]
        hinge = (1 + pulled[:, None] - impostors).clip(0)
        active = hinge > 0
        value += (1 - push) * pulled.sum() + push * hinge.sum()
        weights[rows, column] += 1 - push + push * active.sum(1)
        weights -= push * active
    return float(value), weights
