"""NCA: a map under which stochastic nearest neighbours have the same label.

J. Goldberger, S. Roweis, G. Hinton, R. Salakhutdinov, "Neighbourhood Components Analysis", NIPS 2004.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from probeline.models.metric_learning.matrices import squared_distances, weighted_scatter


def nca(x: np.ndarray, labels: np.ndarray, start: np.ndarray, iterations: int = 200) -> np.ndarray:
    """The map L [P, D] that maximises the expected leave-one-out accuracy from `start` [P, D], by L-BFGS.

    Args:
        x: [N, D]. labels: int64 [N].
    """
    same = labels[:, None] == labels[None]

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = expected_accuracy(flat.reshape(start.shape), x, same)
        return -value, -gradient.ravel()

    optimum = minimize(objective, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    return optimum.x.reshape(start.shape)


def expected_accuracy(mapping: np.ndarray, x: np.ndarray, same: np.ndarray) -> tuple[float, np.ndarray]:
    """sum_i p_i (eq. 2 to 4) and its gradient [P, D] (eq. 5); same: bool [N, N]."""
    z = x @ mapping.T
    distances = squared_distances(z, z)
    np.fill_diagonal(distances, np.inf)
    chance = softmax(-distances, axis=1)
    correct = chance * same
    accuracy = correct.sum(1, keepdims=True)
    return float(accuracy.sum()), -2 * mapping @ weighted_scatter(x, correct - chance * accuracy)
