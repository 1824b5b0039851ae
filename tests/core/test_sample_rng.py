import numpy as np
import pytest
import torch
from probeline.core.sample_rng import Need, SampleRNG
from scipy import stats

SAMPLES = torch.arange(4000)
SEEDS = [0, 1, 12345, 2**63 - 1]


def flat(numbers: torch.Tensor) -> np.ndarray:
    return numbers.double().flatten().numpy()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("epoch", [0, 7])
def test_uniform_numbers_are_uniform(seed, epoch):
    numbers = SampleRNG(seed, epoch, SAMPLES).uniform(32)
    assert numbers.shape == (4000, 32) and numbers.dtype == torch.float32
    assert numbers.min() >= 0 and numbers.max() < 1
    assert stats.kstest(flat(numbers), "uniform").pvalue > 1e-3
    for some in (numbers[:, 0], numbers[:, 31], numbers[17], numbers[3999]):  # a column, a sample
        assert stats.kstest(flat(some), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("count", [1, 8, 33])
def test_normal_numbers_are_normal(count):
    numbers = SampleRNG(3, 0, SAMPLES).normal(count)
    assert numbers.shape == (4000, count) and numbers.isfinite().all()
    assert stats.kstest(flat(numbers), "norm").pvalue > 1e-3
    assert abs(float(stats.kurtosis(flat(numbers)))) < 0.2


def test_integers_are_equally_likely():
    numbers = SampleRNG(0, 0, SAMPLES).integers(7, 10)
    assert numbers.dtype == torch.int64 and set(numbers.unique().tolist()) == set(range(7))
    assert stats.chisquare(np.bincount(flat(numbers).astype(int))).pvalue > 1e-3


def sets() -> dict[str, torch.Tensor]:
    """Numbers that share all but one of seed, epoch, sample, view, stream, name and column."""
    rng = SampleRNG(5, 2, SAMPLES)
    first, second = rng.split(2)[:4000], rng.split(2)[4000:]
    return {
        "plain": rng.uniform(3)[:, 0],
        "next column": rng.uniform(3)[:, 1],
        "next seed": SampleRNG(6, 2, SAMPLES).uniform(1)[:, 0],
        "next epoch": SampleRNG(5, 3, SAMPLES).uniform(1)[:, 0],
        "seed and epoch exchanged": SampleRNG(2, 5, SAMPLES).uniform(1)[:, 0],
        "next sample": SampleRNG(5, 2, SAMPLES + 1).uniform(1)[:, 0],
        "other stream": rng.uniform(1, "b")[:, 0],
        "other name": rng.fold_in("b").uniform(1)[:, 0],
        "name as stream": rng.fold_in("").uniform(1, "b")[:, 0],
        "first view": first.uniform(1)[:, 0],
        "second view": second.uniform(1)[:, 0],
        "normal": rng.normal(1)[:, 0],
    }


def test_whatever_differs_gives_independent_numbers():
    table = np.stack([flat(numbers) for numbers in sets().values()])
    correlation = np.corrcoef(table) - np.eye(len(table))
    assert np.abs(correlation).max() < 4.5 / 4000**0.5
    assert np.abs(np.corrcoef((table - table.mean(1, keepdims=True)) ** 2) - np.eye(len(table))).max() < 0.075


def test_neighbouring_samples_and_columns_are_independent():
    numbers = SampleRNG(0, 0, SAMPLES).uniform(64).double().numpy()
    by_column = np.corrcoef(numbers.T) - np.eye(64)
    assert np.abs(by_column).max() < 5 / 4000**0.5
    pairs = np.histogram2d(numbers[:-1].ravel(), numbers[1:].ravel(), bins=16)[0]  # sample n against n + 1
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-3
    pairs = np.histogram2d(numbers[:, :-1].ravel(), numbers[:, 1:].ravel(), bins=16)[0]
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-3


def test_low_bits_are_as_random_as_high_ones():
    bits = (SampleRNG(0, 0, SAMPLES).uniform(16) * 2**24).long()
    for place in range(24):
        ones = int(((bits >> place) & 1).sum())
        assert stats.binomtest(ones, bits.numel()).pvalue > 1e-4


def test_no_two_samples_views_or_epochs_share_their_numbers():
    rows = [SampleRNG(0, epoch, torch.arange(20_000)).split(2).uniform(3) for epoch in range(3)]
    assert len(torch.cat(rows).unique(dim=0)) == 120_000


def test_a_sample_has_its_numbers_in_any_batch():
    whole, order = SampleRNG(1, 4, torch.arange(10)), torch.tensor([7, 2, 9])
    part = SampleRNG(1, 4, order)
    assert torch.equal(part.uniform(5), whole.uniform(5)[order])
    assert torch.equal(part.normal(5, "a"), whole[order].normal(5, "a"))
    assert torch.equal(part.split(2).integers(9, 3), whole.split(2).integers(9, 3)[torch.cat([order, order + 10])])


def test_more_columns_do_not_change_the_first():
    rng = SampleRNG(0, 0, torch.arange(4))
    assert torch.equal(rng.uniform(9)[:, :4], rng.uniform(4))
    assert torch.equal(rng.split(3).uniform(2)[:8], rng.split(2).uniform(2))


def test_needs_asked_together_are_those_asked_one_by_one():
    rng = SampleRNG(0, 0, torch.arange(6)).split(2)
    needs = [Need("crop", 1, "coin"), Need("crop", 22), Need("flip", 0), Need("blur", 3, "b")]
    for need, numbers in zip(needs, rng.uniforms(needs), strict=True):
        assert torch.equal(numbers, rng.fold_in(need.name).uniform(need.count, need.stream))


def test_the_first_numbers_stay_what_they_were():
    # A trial that is resumed by a later version of this code must see the views that it saw.
    rng = SampleRNG(1, 2, torch.tensor([3]))
    bits = [round(float(value) * 2**24) for value in [*rng.uniform(2)[0], *rng.fold_in("crop").uniform(1)[0]]]
    assert bits == [3706136, 2017166, 8391667]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_every_device_makes_the_same_numbers():
    here, there = SampleRNG(0, 0, SAMPLES), SampleRNG(0, 0, SAMPLES.cuda())
    assert torch.equal(here.split(2).uniform(5, "a"), there.split(2).uniform(5, "a").cpu())
    assert torch.allclose(here.normal(5), there.normal(5).cpu(), atol=1e-5)


def test_the_views_of_some_rows_of_an_epoch_draw_what_those_rows_draw_alone():
    epoch, rows = SampleRNG(3, 5, torch.arange(20)), torch.tensor([7, 2, 19])
    for views in (1, 2, 3):
        assert torch.equal(epoch[rows].split(views).uniform(4), SampleRNG(3, 5, rows).split(views).uniform(4))
