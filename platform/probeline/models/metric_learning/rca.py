"""RCA: whitening by the covariance within chunklets, groups of samples that are known to be of one class.

A. Bar-Hillel, T. Hertz, N. Shental, D. Weinshall, "Learning a Mahalanobis Metric from Equivalence Constraints", JMLR
2005.
"""

import numpy as np

from probeline.models.metric_learning.matrices import whitening, with_ridge


def rca(x: np.ndarray, chunklets: np.ndarray, ridge: float = 1e-6) -> np.ndarray:
    """The map L [D, D] with L^T L = C^(-1), C the mean over all samples in chunklets of (x - m)(x - m)^T (eq. 1).

    Args:
        x: [N, D]. chunklets: int64 [N], the chunklet of each sample, -1 for none.
        ridge: share by which each variance is raised, where C may be singular.

    Raises:
        ValueError: no chunklet has two samples that differ.
    """
    inside = x[chunklets >= 0]
    _, numbers, counts = np.unique(chunklets[chunklets >= 0], return_inverse=True, return_counts=True)
    if not bool((counts > 1).any()):
        raise ValueError("no chunklet has two samples; give must-link pairs")
    means = np.zeros((len(counts), x.shape[1]))
    np.add.at(means, numbers, inside)
    centred = inside - (means / counts[:, None])[numbers]
    return whitening(with_ridge(centred.T @ centred / len(centred), ridge))


def chunklets(count: int, pairs: np.ndarray) -> np.ndarray:
    """int64 [count]: the components that must-link pairs [S, 2] join, from 0; -1 for a sample in no pair."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    component = connected_components(links, directed=False)[1]
    alone = np.setdiff1d(np.arange(count), pairs)
    component[alone] = -1
    _, numbers = np.unique(component, return_inverse=True)
    return (numbers - bool(len(alone))).astype(np.int64)
