import torch
from probeline.losses.sequence.masked_prediction import cluster_logits, masked_prediction
from torch.nn import functional as F


def test_logits_are_cosines_over_the_temperature() -> None:
    projected, clusters = torch.randn(2, 3, 5), torch.randn(4, 5)
    expected = F.cosine_similarity(projected[..., None, :], clusters, dim=-1) / 0.1
    torch.testing.assert_close(cluster_logits(projected, clusters, 0.1), expected)


def test_the_loss_weighs_masked_frames_and_the_others() -> None:
    logits, targets = torch.randn(1, 4, 3), torch.tensor([[0, 1, 2, 0]])
    mask, real = torch.tensor([[True, False, True, False]]), torch.tensor([[True, True, True, False]])
    each = F.cross_entropy(logits[0], targets[0], reduction="none")
    loss, masked, others = masked_prediction(logits, targets, mask, real, 0.75)
    torch.testing.assert_close(masked, (each[0] + each[2]) / 2)
    torch.testing.assert_close(others, each[1])
    torch.testing.assert_close(loss, 0.75 * masked + 0.25 * others)


def test_a_part_without_a_frame_is_0() -> None:
    logits, targets = torch.randn(1, 2, 3, requires_grad=True), torch.tensor([[0, 1]])
    everything = torch.ones(1, 2, dtype=torch.bool)
    loss, _, others = masked_prediction(logits, targets, everything, everything, 1.0)
    assert others == 0
    assert torch.autograd.grad(loss, logits)[0].isfinite().all()
