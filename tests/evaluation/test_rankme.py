import csv

import numpy as np
import pytest
import torch
from helpers.subjects import files, judged, of_features, protocol, values
from probeline.evaluation.rankme import effective_rank, singular_values
from scipy.stats import entropy


def with_spectrum(sigma, n=50, dim=6, seed=0):
    """A matrix [n, dim] of the given singular values."""
    random = np.random.default_rng(seed)
    remaining, right = (np.linalg.qr(random.normal(size=(size, size)))[0] for size in (n, dim))
    return torch.from_numpy(remaining[:, : len(sigma)] * sigma @ right[: len(sigma)])


@pytest.mark.parametrize("n", [50, 6, 4])
def test_the_singular_values_are_those_that_it_was_made_of(n):
    sigma = np.array([5.0, 3.0, 1.0, 1e-6])
    torch.testing.assert_close(singular_values(with_spectrum(sigma, n))[:4].numpy(), sigma, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_equal_singular_values_count_as_their_number(rank):
    assert effective_rank(singular_values(with_spectrum(np.ones(rank)))) == pytest.approx(rank, rel=1e-4)


def test_a_known_spectrum_has_the_exponential_of_its_entropy():
    sigma = np.array([8.0, 4.0, 2.0, 1.0])
    assert effective_rank(torch.from_numpy(sigma)) == pytest.approx(np.exp(entropy(sigma)), rel=1e-5)


def test_scale_does_not_matter_and_nothing_has_rank_one():
    x = with_spectrum(np.array([5.0, 3.0, 1.0]))
    assert effective_rank(singular_values(1e4 * x)) == pytest.approx(effective_rank(singular_values(x)))
    assert effective_rank(torch.zeros(4, dtype=torch.float64)) == pytest.approx(1, abs=1e-4)


def test_it_is_not_centred():
    """A constant embedding has rank one; centred it would have none."""
    assert effective_rank(singular_values(torch.ones(20, 5))) == pytest.approx(1, abs=1e-4)


def test_the_spectra_of_h_and_z_are_written_whole(tmp_path):
    events = list(protocol("rankme").evaluate(judged(), tmp_path))
    with files(events)[0].open() as file:
        rows = list(csv.DictReader(file))
    assert [sum(row["space"] == space for row in rows) for space in "hz"] == [32, 48]  # N = 48, h has 32, z 128
    for space in "hz":
        share = [float(row["share"]) for row in rows if row["space"] == space]
        assert share == sorted(share, reverse=True)
        assert values(events)[space] == pytest.approx(np.exp(entropy(share)), rel=1e-3)
    assert values(events)["z_ceiling"] == 48


def test_no_more_samples_are_looked_at_than_asked_for(tmp_path):
    h, labels = torch.eye(8), torch.zeros(8, dtype=torch.long)
    data = of_features((h, labels), (h, labels), (h, labels), classes=("a",))
    assert values(protocol("rankme", samples=3).evaluate(data, tmp_path))["h"] == pytest.approx(3, rel=1e-4)
