import pytest
import torch
from helpers.two_views import views
from probeline.losses import negative_cosine


def test_equal_opposite_and_orthogonal_rows_give_their_cosines():
    za = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    assert negative_cosine(za, 5 * za).item() == -1
    assert negative_cosine(za, -za).item() == 1
    assert negative_cosine(za, za.flip(0)).item() == 0


def test_byols_regression_is_twice_it_plus_two():
    za, zb = views()
    unit = [z / z.norm(dim=1, keepdim=True) for z in (za, zb)]
    byol = (unit[0] - unit[1]).square().sum(1).mean()
    torch.testing.assert_close(2 + 2 * negative_cosine(za, zb), byol)


def test_it_agrees_with_lightly():
    loss = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed")
    za, zb = views(b=16, d=32, dtype=torch.float32)
    torch.testing.assert_close(negative_cosine(za, zb), loss.NegativeCosineSimilarity()(za, zb), atol=1e-5, rtol=0)
