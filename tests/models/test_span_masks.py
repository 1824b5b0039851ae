"""Masks have the statistics of wav2vec 2.0's, as transformers draws them."""

import numpy as np
import torch
from probeline.models.span_masks import span_mask
from transformers.models.wav2vec2.modeling_wav2vec2 import _compute_mask_indices


def masks(samples: int, frames: int, start: float, span: int, counts: torch.Tensor | None = None) -> torch.Tensor:
    uniform = torch.rand(samples, frames, generator=torch.Generator().manual_seed(0))
    counts = torch.full((samples,), frames) if counts is None else counts
    return span_mask(uniform, counts, start, span)


def test_the_share_of_masked_frames_is_that_of_transformers() -> None:
    ours = masks(4000, 300, 0.065, 10).float().mean()
    np.random.seed(0)
    theirs = np.mean([_compute_mask_indices((10, 300), 0.65, 10).mean() for _ in range(400)])  # one rounding a call
    assert abs(float(ours) - theirs) < 0.005
    assert 0.44 < float(ours) < 0.50  # section 3.1 of the paper: about 49%, of longer clips


def test_masked_runs_are_at_least_a_span_long_and_about_as_long_as_in_the_paper() -> None:
    mask = torch.nn.functional.pad(masks(400, 750, 0.065, 10), (1, 1))
    edges = mask[:, 1:].long() - mask[:, :-1].long()
    starts, stops = (edges == 1).nonzero(), (edges == -1).nonzero()
    runs = (stops - starts)[:, 1].float()
    assert runs.min() >= 10
    assert abs(float(runs.mean()) - 14.7) < 0.7  # section A of the paper


def test_padding_is_never_masked_and_every_sample_has_a_span() -> None:
    counts = torch.tensor([100, 37, 10, 4, 1])
    mask = masks(5, 100, 0.01, 10, counts)
    assert all(not mask[row, count:].any() for row, count in enumerate(counts))
    assert mask.sum(1).tolist()[2:] == [10, 4, 1]
    assert (mask.sum(1) >= counts.clamp(max=10)).all()


def test_the_numbers_alone_decide() -> None:
    assert torch.equal(masks(20, 50, 0.1, 5), masks(20, 50, 0.1, 5))
