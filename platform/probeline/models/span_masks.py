"""Masks of spans of frames: each frame begins a span with probability p, and spans may overlap.

wav2vec 2.0, arXiv 2006.11477, section 3.1 and appendix A; SpecAugment's idea (Park et al., Interspeech 2019).
"""

import torch
from torch import Tensor


def span_mask(uniform: Tensor, counts: Tensor, start: float, span: int) -> Tensor:
    """bool [B, T]: which frames are masked.

    Args:
        uniform: [B, T] in [0, 1); the frames with the least numbers begin spans, so that starts are drawn without
            replacement.
        counts: int64 [B], frames of each sample that are real; spans end with it.
        start: p, the share of frames that begin a span, not the share that is masked: with p = 0.065 and spans of 10
            about 49% are. The number of spans is p times the frames, rounded up or down by chance, at least one.
        span: M, frames of a span; at most the sample's own.
    """
    frames = uniform.shape[1]
    steps = torch.arange(frames, device=uniform.device)
    length = counts.clamp(max=span)[:, None]
    fitting = counts[:, None] - length + 1  # where a whole span fits
    by_chance = uniform[:, :1].mul(4096).frac()  # other bits of the same number
    spans = (start * counts[:, None] + by_chance).floor().clamp(min=1)
    spans = spans.minimum(fitting)
    possible = torch.where(steps < fitting, uniform, torch.inf)
    starts = possible.argsort(dim=1).argsort(dim=1) < spans
    before = starts.long().cumsum(1)
    # A frame is masked where a span began within the last M frames, itself included.
    earlier = torch.where(steps < length, 0, before.gather(1, (steps - length).clamp(min=0)))
    return (before > earlier) & (steps < counts[:, None])
