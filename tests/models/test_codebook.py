import pytest
import torch
from probeline.models.codebook import Codebook, occurrences, perplexity


def vectors(seed=0, batch=2, dim=3, side=4):
    return torch.randn(batch, dim, side, side, generator=torch.Generator().manual_seed(seed))


def test_the_nearest_code_is_that_of_a_loop_over_all():
    book = Codebook(7, 3, None)
    z = vectors()
    found = book.nearest(z)
    for image in range(2):
        for row in range(4):
            for column in range(4):
                distances = [(z[image, :, row, column] - code).norm() for code in book.weight]
                assert found[image, row, column] == torch.stack(distances).argmin()
    torch.testing.assert_close(book(found)[1, :, 2, 3], book.weight[found[1, 2, 3]])


def test_moving_averages_are_those_of_the_papers_appendix_by_hand():
    book = Codebook(2, 1, 0.9)
    book.weight.data = torch.tensor([[0.0], [10.0]])
    book.total.copy_(book.weight)
    book.update(torch.tensor([1.0, 2.0, 3.0, 9.0]).view(1, 1, 2, 2), 0.0)
    count = torch.tensor([0.9 * 1 + 0.1 * 3, 0.9 * 1 + 0.1 * 1])
    total = torch.tensor([0.9 * 0 + 0.1 * 6, 0.9 * 10 + 0.1 * 9])
    torch.testing.assert_close(book.count, count)
    torch.testing.assert_close(book.weight[:, 0], total / count)
    assert not book.weight.requires_grad


def test_a_code_that_is_never_used_stays_where_it_is_and_finite():
    book = Codebook(2, 1, 0.5)
    book.weight.data = torch.tensor([[0.0], [100.0]])
    book.total.copy_(book.weight)
    for _ in range(300):
        book.update(torch.ones(1, 1, 2, 2), 0.0)
    assert book.weight[0].item() == pytest.approx(1.0)
    assert book.weight[1].item() == pytest.approx(100.0)


def test_dead_codes_restart_at_a_vector_of_the_batch_and_living_ones_stay():
    book = Codebook(3, 2, 0.5)
    book.weight.data = torch.tensor([[1.0, 1.0], [50.0, 50.0], [60.0, 60.0]])
    book.total.copy_(book.weight)
    z = 1 + 0.01 * vectors(dim=2)
    book.update(z, 0.6)
    assert book.weight[0].allclose(torch.ones(2), atol=0.1)
    rows = z.permute(0, 2, 3, 1).flatten(0, 2)
    for code in book.weight[1:]:
        assert (rows == code).all(1).any()


def test_restarts_are_off_unless_asked_for():
    book = Codebook(3, 2, 0.5)
    book.weight.data = torch.tensor([[1.0, 1.0], [50.0, 50.0], [60.0, 60.0]])
    book.total.copy_(book.weight)
    book.update(torch.ones(1, 2, 3, 3), 0.0)
    torch.testing.assert_close(book.weight[1:], torch.tensor([[50.0, 50.0], [60.0, 60.0]]))


def test_perplexity_counts_the_codes_in_even_use():
    assert perplexity(torch.zeros(10, dtype=torch.int64), 8) == 1
    torch.testing.assert_close(perplexity(torch.arange(40) % 5, 8), torch.tensor(5.0))
    mixed = torch.distributions.Categorical(torch.tensor([0.75, 0.25])).entropy().exp()
    torch.testing.assert_close(perplexity(torch.tensor([0, 0, 0, 1]), 8), mixed)


def test_the_nearest_code_is_the_same_under_autocast():
    book, z = Codebook(64, 16, None), vectors(dim=16, side=8)
    with torch.autocast("cpu", torch.bfloat16):
        under = book.nearest(z)
    assert torch.equal(under, book.nearest(z))


def test_occurrences_are_counted_for_every_code():
    index = torch.tensor([3, 0, 3, 3, 1])
    assert torch.equal(occurrences(index, 6), index.bincount(minlength=6))
