import numpy as np
import pytest
import torch
from probeline.core.dataset import Split
from probeline.data.loader import batches

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))]


def make(count: int = 10, channels: int = 3) -> Split:
    random = np.random.default_rng(0)
    return Split(random.integers(0, 256, (count, 4, 5, channels), np.uint8), np.arange(count) % 3)


def indices(part: Split, **wanted) -> list[int]:
    return [int(row) for batch in batches(part, 3, device="cpu", **wanted) for row in batch.index]


@pytest.mark.parametrize("device", DEVICES)
def test_a_batch_holds_the_rows_that_it_names(device):
    part = make()
    for batch in batches(part, 4, seed=0, epoch=0, device=device):
        rows = batch.index.cpu().numpy()
        expected = torch.from_numpy(part.inputs[rows]).permute(0, 3, 1, 2).float() / 255
        assert torch.equal(batch.inputs.cpu(), expected) and batch.inputs.dtype == torch.float32
        assert batch.labels.tolist() == part.labels[rows].tolist()
        assert batch.inputs.is_contiguous(memory_format=torch.channels_last) and len(batch) == 4


@pytest.mark.parametrize("device", DEVICES)
def test_sixteen_bits_reach_the_device_whole(device):
    values = np.random.default_rng(0).integers(0, 65536, (10, 4, 5, 2), np.uint16)
    part = Split(values, np.arange(10))
    for batch in batches(part, 4, seed=0, epoch=0, device=device):
        expected = torch.from_numpy(values[batch.index.cpu().numpy()].astype(np.float32)).permute(0, 3, 1, 2) / 65535
        assert torch.equal(batch.inputs.cpu(), expected)


def test_the_order_depends_on_seed_and_epoch_alone():
    part = make(100)
    first = indices(part, seed=1, epoch=2)
    torch.manual_seed(99)
    assert first == indices(part, seed=1, epoch=2)
    others = [indices(part, seed=seed, epoch=epoch) for seed, epoch in ((1, 3), (2, 1), (2, 2), (0, 2))]
    assert all(other != first for other in others)


def test_an_epoch_visits_every_sample_once():
    assert sorted(indices(make(10), seed=0, epoch=0, drop_last=False)) == list(range(10))
    assert len(indices(make(10), seed=0, epoch=0)) == 9


def test_without_shuffling_the_rows_come_in_order():
    assert indices(make(10), seed=5, epoch=7, shuffle=False, drop_last=False) == list(range(10))


def test_a_batch_above_the_part_is_refused_at_once():
    with pytest.raises(ValueError, match="batch size 11 is above the 10 samples"):
        batches(make(10), 11, seed=0, epoch=0, device="cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("share", [0.0, 0.25])
def test_a_gpu_gets_the_same_batches_resident_or_not(monkeypatch, share):
    monkeypatch.setattr("probeline.data.loader.RESIDENT_SHARE", share)
    part = make(1000)
    pairs = zip(*(batches(part, 64, seed=3, epoch=1, device=device) for device in ("cpu", "cuda")), strict=True)
    for here, there in pairs:
        assert torch.equal(here.index, there.index.cpu()) and torch.equal(here.labels, there.labels.cpu())
        assert torch.equal(here.inputs, there.inputs.cpu())
