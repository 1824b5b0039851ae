"""k-means by mini-batches, as HuBERT makes its units: scikit-learn's, and the nearest centres of frames.

Sculley: Web-scale k-means clustering, WWW 2010; the settings are HuBERT's, arXiv 2106.07447, section 3.2.
"""

import warnings

import torch
from torch import Tensor

BATCH = 10_000
RESTARTS = 20
BLOCK = 2**16  # frames at a time


def fitted_centres(frames: Tensor, clusters: int, seed: int) -> Tensor:
    """float32 [clusters, D] of frames [F, D], by k-means++ with 20 restarts and mini-batches of 10,000.

    Raises ValueError where there are fewer frames than clusters.
    """
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    if len(frames) < clusters:
        raise ValueError(f"{len(frames)} frames cannot make {clusters} clusters")
    model = MiniBatchKMeans(
        clusters,
        init="k-means++",
        n_init=RESTARTS,
        batch_size=min(BATCH, len(frames)),
        max_no_improvement=100,
        reassignment_ratio=0.0,
        random_state=seed % 2**32,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # frames that are alike leave clusters empty
        centres = model.fit(frames.float().cpu().numpy()).cluster_centers_
    return torch.from_numpy(centres).float().to(frames.device)


def nearest_centres(frames: Tensor, centres: Tensor) -> Tensor:
    """int64 [F]: the nearest of centres [C, D] to each of frames [F, D]."""
    square = centres.square().sum(1)
    return torch.cat([(square - 2 * block.float() @ centres.T).argmin(1) for block in frames.split(BLOCK)])
