import math

import pytest
import torch
from probeline.models.likelihood import discretised_logistic, levels

PIXELS = torch.arange(256.0, dtype=torch.float64)


@pytest.mark.parametrize("mean", [-1.3, -1.0, 0.0, 0.4, 1.0])
@pytest.mark.parametrize("log_scale", [-12.0, -7.0, -3.0, 0.0, 3.0])
def test_the_256_levels_sum_to_one(mean, log_scale):
    ones = torch.ones(256)
    total = discretised_logistic(PIXELS, mean * ones, log_scale * ones).double().exp().sum()
    assert total.item() == pytest.approx(1.0, abs=2e-5)


def test_a_level_has_the_mass_of_the_logistic_between_its_edges():
    mean, log_scale = torch.full((256,), 0.1), torch.full((256,), -2.0)
    base = torch.distributions.Uniform(0, 1, validate_args=False)
    logistic = torch.distributions.TransformedDistribution(
        base,
        [
            torch.distributions.SigmoidTransform().inv,
            torch.distributions.AffineTransform(torch.tensor(0.1).double(), torch.tensor(-2.0).double().exp()),
        ],
    )
    edges = (torch.arange(257.0, dtype=torch.float64) - 0.5) / 127.5 - 1
    mass = logistic.cdf(edges).diff()
    found = discretised_logistic(PIXELS, mean, log_scale).double().exp()
    torch.testing.assert_close(found[1:-1], mass[1:-1], rtol=1e-4, atol=1e-9)
    assert found[0] == pytest.approx(logistic.cdf(edges[1]).item(), rel=1e-4)
    assert found[-1] == pytest.approx(1 - logistic.cdf(edges[-2]).item(), rel=1e-4)


def test_far_from_the_mean_it_and_its_gradient_stay_finite():
    mean = torch.tensor([-1.0, 1.0, 0.0], requires_grad=True)
    log_scale = torch.full((3,), -7.0, requires_grad=True)
    found = discretised_logistic(torch.tensor([255.0, 0.0, 200.0]), mean, log_scale).sum()
    found.backward()
    assert torch.isfinite(found)
    assert torch.isfinite(mean.grad).all()
    assert torch.isfinite(log_scale.grad).all()


def test_its_gradient_is_that_of_finite_differences():
    pixels = torch.tensor([0.0, 3.0, 128.0, 255.0])
    mean, log_scale = torch.tensor([-0.8, -0.5, 0.1, 0.7]), torch.full((4,), -1.0)
    step = 1e-2
    mean.requires_grad_()
    discretised_logistic(pixels, mean, log_scale).sum().backward()
    with torch.no_grad():
        up, down = (discretised_logistic(pixels, mean + sign * step, log_scale) for sign in (1, -1))
    torch.testing.assert_close(mean.grad, (up - down) / (2 * step), rtol=2e-3, atol=2e-3)


def test_at_its_mean_a_logistic_of_half_the_range_costs_eight_bits():
    """Its density there, 1 / (4 s), is that of 256 even levels on a range of 2."""
    found = discretised_logistic(torch.full((1,), 128.0), torch.zeros(1), torch.full((1,), math.log(0.5)))
    assert -found.item() / math.log(2) == pytest.approx(8, abs=0.01)


def test_levels_are_those_of_the_file():
    assert torch.equal(levels(PIXELS / 255), PIXELS.float())
