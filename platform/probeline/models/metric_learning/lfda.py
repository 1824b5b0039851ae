"""LFDA: Fisher's discriminant analysis in which only near samples of a class are to be close.

M. Sugiyama, "Dimensionality Reduction of Multimodal Labeled Data by Local Fisher Discriminant Analysis", JMLR 2007.
"""

import numpy as np
from scipy.linalg import eigh

from probeline.models.metric_learning.matrices import squared_distances, weighted_scatter, with_ridge


def lfda(x: np.ndarray, labels: np.ndarray, dim: int, neighbours: int = 7, ridge: float = 1e-6) -> np.ndarray:
    """The map L [dim, D]: generalised eigenvectors of the local scatters, each times its eigenvalue's root.

    Args:
        x: [N, D]. labels: int64 [N].
        neighbours: the neighbour within its class whose distance is a sample's local scale (section 4.1).
        ridge: share by which the variances within classes are raised.
    """
    within = np.zeros((x.shape[1], x.shape[1]))
    centred = x - x.mean(0)
    between = centred.T @ centred  # the scatter of weights 1 / N / 2 for every pair, of which pairs of a class go off
    for label in np.unique(labels):
        near, share = x[labels == label], 1 / len(x)
        affinity = local_affinity(near, neighbours)
        within += weighted_scatter(near, affinity / len(near)) / 2
        between += weighted_scatter(near, affinity * (share - 1 / len(near)) - share) / 2
    last = x.shape[1] - 1
    values, vectors = eigh(between, with_ridge(within, ridge), subset_by_index=(last + 1 - dim, last))
    return (vectors * np.sqrt(values.clip(0))).T[::-1]


def local_affinity(x: np.ndarray, neighbours: int) -> np.ndarray:
    """exp(-|x_i - x_j|^2 / (s_i s_j)) [N, N], s the distance to the neighbour; 1 where a scale is 0."""
    squares = squared_distances(x, x)
    nearest = np.sort(squares, axis=1)[:, min(neighbours, len(x) - 1)]
    scales = np.sqrt(nearest)[:, None] * np.sqrt(nearest)[None]
    return np.exp(-np.divide(squares, scales, out=np.zeros_like(squares), where=scales > 0))
