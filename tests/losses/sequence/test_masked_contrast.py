import math

import torch
from probeline.losses.sequence.masked_contrast import code_perplexity, contrast, distractors, diversity


def numbers(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_distractors_are_other_masked_frames_of_the_same_sample() -> None:
    mask = numbers(4, 30) < 0.5
    chosen = distractors(mask, numbers(4, 30, 200))
    for row in range(4):
        masked = set(mask[row].nonzero().flatten().tolist())
        for frame in masked:
            assert set(chosen[row, frame].tolist()) == masked - {frame}


def test_each_other_masked_frame_is_as_likely() -> None:
    mask = torch.zeros(1, 10, dtype=torch.bool)
    mask[0, [1, 4, 5, 9]] = True
    counts = distractors(mask, numbers(1, 10, 30_000))[0, 4].bincount(minlength=10)
    assert counts[[0, 2, 3, 4, 6, 7, 8]].sum() == 0
    torch.testing.assert_close(counts[[1, 5, 9]] / 30_000, torch.full((3,), 1 / 3), atol=0.01, rtol=0)


def test_a_distractor_with_the_same_codes_is_left_out() -> None:
    vectors, mask = numbers(1, 3, 4), torch.ones(1, 3, dtype=torch.bool)
    codes = torch.tensor([[[0, 1], [0, 1], [2, 2]]])
    negatives = torch.tensor([[[1, 2], [0, 2], [0, 1]]])
    each, _ = contrast(vectors, vectors, codes, mask, negatives, 1.0)
    similarity = torch.nn.functional.cosine_similarity(vectors[0, 0], vectors[0, 2], dim=0)
    by_hand = math.log(math.exp(1.0) + math.exp(similarity)) - 1.0
    assert math.isclose(each[0].item(), by_hand, rel_tol=1e-5)


def test_a_sample_with_one_masked_frame_has_no_distractor_and_no_loss() -> None:
    mask = torch.tensor([[False, True, False]])
    vectors = numbers(1, 3, 4)
    codes = torch.arange(3)[None, :, None]
    each, _ = contrast(vectors, vectors, codes, mask, distractors(mask, numbers(1, 3, 5)), 0.1)
    assert each.tolist() == [0.0]


def test_codes_that_are_used_alike_have_the_largest_perplexity_and_no_diversity_loss() -> None:
    even = torch.full((2, 8), 1 / 8)
    torch.testing.assert_close(code_perplexity(even), torch.tensor(16.0), atol=1e-4, rtol=0)
    torch.testing.assert_close(diversity(even), torch.tensor(0.0), atol=1e-5, rtol=0)
    one = torch.eye(8)[:1].repeat(2, 1)
    torch.testing.assert_close(code_perplexity(one), torch.tensor(2.0), atol=1e-4, rtol=0)
