"""Distributions of the operations on vectors."""

import torch
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment

GIVEN = torch.rand(500, 20) + 1
DRAWS = SampleRNG(0, 0, torch.arange(500))


def test_values_are_multiplied_by_numbers_near_one():
    factors = augment(GIVEN, [{"name": "scale_values", "sigma": 0.2}], DRAWS) / GIVEN
    assert abs(factors.mean() - 1) < 0.01 and abs(factors.std() - 0.2) < 0.01


def test_a_share_of_the_values_is_dropped_and_the_rest_stay():
    seen = augment(GIVEN, [{"name": "drop_values", "share": 0.3}], DRAWS)
    assert abs((seen == 0).float().mean() - 0.3) < 0.02
    assert torch.equal(seen[seen != 0], GIVEN[seen != 0])
