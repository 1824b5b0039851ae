"""wav2vec 2.0's objective: a masked frame's context against the quantised frame, and a codebook used evenly.

Baevski, Zhou, Mohamed, Auli: wav2vec 2.0, NeurIPS 2020, arXiv 2006.11477, section 3.2.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.losses.sequence.noise_contrast import info_nce


def distractors(mask: Tensor, uniform: Tensor) -> Tensor:
    """int64 [B, T, K]: for each masked frame K others that are masked in the same sample, with replacement.

    mask: bool [B, T]; uniform: [B, T, K] in [0, 1). Rows of frames that are not masked mean nothing; where a sample has
    one masked frame, its distractors are the frame itself, which `contrast` leaves out.
    """
    first = (~mask).to(torch.int8).sort(dim=1, stable=True).indices  # the masked frames come first, in order
    rank = mask.cumsum(1) - 1
    others = (mask.sum(1)[:, None, None] - 1).clamp(min=1)
    chosen = (uniform.double() * others).long()
    chosen = chosen + (chosen >= rank[..., None])
    chosen = chosen.minimum((mask.sum(1)[:, None, None] - 1).clamp(min=0))
    return first[:, None].expand(-1, mask.shape[1], -1).gather(2, chosen)


def contrast(
    context: Tensor, targets: Tensor, codes: Tensor, mask: Tensor, negatives: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    """Eq. 3 of each masked frame, [M] nats, and whether its own target is the most similar, bool [M].

    Args:
        context, targets: [B, T, D]; similarities are cosines over `temperature`.
        codes: int64 [B, T, G] of the targets; a distractor with the same codes is left out.
        negatives: int64 [B, T, K] frames, as `distractors` gives them.
    """
    similarity = F.normalize(context.float(), dim=2) @ F.normalize(targets.float(), dim=2).transpose(1, 2)
    similarity = similarity / temperature  # [B, T, T]: cheaper than K vectors a frame
    same = (codes[:, :, None] == codes[:, None]).all(3)
    scores = similarity.masked_fill(same, -math.inf).gather(2, negatives)[mask]
    positive = similarity.diagonal(dim1=1, dim2=2)[mask]
    return info_nce(positive, scores), positive > scores.amax(1)


def code_perplexity(probabilities: Tensor) -> Tensor:
    """exp of the entropy of each codebook's mean use, summed over G codebooks; probabilities: [G, V]."""
    return torch.exp(-(probabilities * (probabilities + 1e-7).log()).sum(1)).sum()


def diversity(probabilities: Tensor) -> Tensor:
    """(G V - perplexity) / (G V) of mean probabilities [G, V]: 0 where every code is used alike.

    The paper's eq. 4 has the entropy in the perplexity's place; this is the authors' code, with the same minimum.
    """
    size = probabilities.numel()
    return (size - code_perplexity(probabilities)) / size
