import pytest
import torch
from helpers.two_views import views
from probeline.losses import barlow_twins


def test_it_equals_equation_1_written_out():
    za, zb = views(b=6, d=4)
    a, b = ((z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt() for z in (za, zb))
    expected = 0.0
    for i in range(4):
        for j in range(4):
            c = float((a[:, i] * b[:, j]).sum()) / 6
            expected += (1 - c) ** 2 if i == j else 0.005 * c**2
    assert barlow_twins(za, zb).item() == pytest.approx(expected, rel=1e-12)


def test_equal_views_with_independent_dimensions_are_the_minimum():
    z = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert barlow_twins(z, z).item() == pytest.approx(0, abs=1e-8)
    # Two equal dimensions: nothing on the diagonal, both entries off it are 1.
    same = z[:, :1].repeat(1, 2)
    assert barlow_twins(same, same, redundancy=0.5).item() == pytest.approx(1.0, abs=1e-4)


def test_neither_scale_nor_shift_of_a_dimension_matters():
    za, zb = views(b=16)
    expected = barlow_twins(za, zb)
    moved = barlow_twins(za * torch.tensor([1.0, 2, 3, 4, 5]) + 7, 10 * zb)
    torch.testing.assert_close(moved, expected, rtol=1e-3, atol=0)


def test_it_agrees_with_lightly():
    loss = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed")
    za, zb = views(b=16, d=32, dtype=torch.float32)
    torch.testing.assert_close(barlow_twins(za, zb), loss.BarlowTwinsLoss()(za, zb), atol=1e-5, rtol=1e-6)
