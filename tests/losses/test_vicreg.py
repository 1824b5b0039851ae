import pytest
import torch
from helpers.two_views import views
from probeline.losses import vicreg


def test_collapsed_views_pay_for_their_variance_alone():
    z = torch.ones(4, 3, dtype=torch.float64)
    assert vicreg(z, z).item() == pytest.approx(25 * (1 - 0.01), rel=1e-9)  # the root of 1e-4 is 0.01


def test_its_terms_are_those_worked_out_by_hand():
    za = torch.tensor([[2.0, 2.0], [-2.0, -2.0]], dtype=torch.float64)
    zb = torch.tensor([[3.0, 2.0], [-3.0, -2.0]], dtype=torch.float64)
    assert vicreg(za, zb, 1, 0, 0).item() == pytest.approx(0.5)  # two of four entries are 1 apart
    assert vicreg(za, zb, 0, 1, 0).item() == 0  # all deviations are above 1
    # Unbiased covariances: 8 off the diagonal of the first, 12 of the second; squared, twice each, over D = 2.
    assert vicreg(za, zb, 0, 0, 1).item() == pytest.approx(8**2 + 12**2)
    # Deviations: the roots of 8, 8 and of 18, 8.
    short = 10 - torch.tensor([8.0001, 8.0001, 18.0001, 8.0001], dtype=torch.float64).sqrt()
    assert vicreg(za, zb, 0, 1, 0, deviation=10.0).item() == pytest.approx(short.mean().item())


def test_it_agrees_with_lightly():
    loss = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed")
    za, zb = views(b=16, d=32, dtype=torch.float32)
    torch.testing.assert_close(vicreg(za, zb), loss.VICRegLoss()(za, zb), atol=1e-5, rtol=1e-6)
    narrow = vicreg(0.3 * za, 0.3 * zb, 2.0, 3.0, 4.0)
    theirs = loss.VICRegLoss(2.0, 3.0, 4.0)(0.3 * za, 0.3 * zb)
    torch.testing.assert_close(narrow, theirs, atol=1e-5, rtol=1e-6)
