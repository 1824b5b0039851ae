import torch
from probeline.models.pixelcnn import PixelCNN


def model(codes=5, width=8, layers=4):
    torch.manual_seed(0)
    return PixelCNN(codes, width, layers).eval()


def test_each_place_sees_every_place_before_it_and_none_from_it_on():
    """By gradients, for every place of the grid: no blind spot, no look ahead."""
    prior = model(layers=6)
    vectors = torch.randn(1, 8, 4, 4, requires_grad=True)
    logits = prior.of_vectors(vectors)
    for place in range(16):
        row, column = divmod(place, 4)
        (slope,) = torch.autograd.grad(logits[0, :, row, column].square().sum(), vectors, retain_graph=True)
        seen = slope.abs().sum((0, 1)).flatten() > 0
        assert seen.tolist() == [other < place for other in range(16)]


def test_the_probabilities_of_all_grids_sum_to_one():
    prior = model(codes=2, layers=2)
    grids = torch.tensor([[(number >> bit) & 1 for bit in range(6)] for number in range(64)]).view(64, 2, 3)
    total = prior.log_probability(grids).sum((1, 2)).exp().sum()
    torch.testing.assert_close(total, torch.tensor(1.0))


def test_samples_are_as_frequent_as_they_are_probable():
    prior = model(codes=2, layers=2)
    with torch.no_grad():
        prior.last[-1].weight.mul_(20)  # away from even
    grids = torch.tensor([[(number >> bit) & 1 for bit in range(4)] for number in range(16)]).view(16, 2, 2)
    probable = prior.log_probability(grids).sum((1, 2)).exp()
    drawn = prior.sample(torch.rand(20_000, 2, 2, generator=torch.Generator().manual_seed(0)))
    number = (drawn.flatten(1) * torch.tensor([1, 2, 4, 8])).sum(1)
    frequent = torch.bincount(number, minlength=16) / len(number)
    assert probable.max() > 0.15
    torch.testing.assert_close(frequent, probable, atol=0.015, rtol=0)


def test_the_same_numbers_give_the_same_sample_whatever_else_is_drawn():
    prior, uniform = model(), torch.rand(6, 3, 3)
    assert torch.equal(prior.sample(uniform)[2:4], prior.sample(uniform[2:4]))
