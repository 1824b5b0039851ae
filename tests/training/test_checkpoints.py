import os

import pytest
import torch
from probeline.errors import DiskFull
from probeline.training.checkpoints import Checkpoint, restore_tensors, state_tensors
from torch import nn


def test_what_was_saved_is_loaded(tmp_path):
    checkpoint = Checkpoint(tmp_path / "a" / "b.safetensors")
    checkpoint.save({"x": torch.arange(3)}, {"epoch": 2, "seconds": 0.1})
    tensors, facts = checkpoint.load()
    assert tensors["x"].tolist() == [0, 1, 2]
    assert facts == {"epoch": 2, "seconds": 0.1}


def test_nothing_is_loaded_where_nothing_is(tmp_path):
    assert Checkpoint(tmp_path / "none").load() is None


@pytest.mark.parametrize("keep", [0, 5, 40])
def test_a_truncated_file_counts_as_none_and_is_logged(tmp_path, caplog, keep):
    checkpoint = Checkpoint(tmp_path / "a")
    checkpoint.save({"x": torch.zeros(100)}, {})
    os.truncate(checkpoint.path, keep)
    assert checkpoint.load() is None
    assert "starts over" in caplog.text


def test_a_crash_while_writing_leaves_the_old_state(tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path / "a")
    checkpoint.save({"x": torch.zeros(2)}, {"epoch": 1})
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DiskFull, match="the disk is full"):
        checkpoint.save({"x": torch.ones(2)}, {"epoch": 2})
    assert checkpoint.load()[1] == {"epoch": 1}


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW])
def test_modules_and_optimisers_come_back_to_the_bit(kind, tmp_path):
    def build(seed):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        options = {"momentum": 0.9} if kind is torch.optim.SGD else {}
        return model, kind(model.parameters(), lr=0.1, **options)

    def learn(model, optimizer, seed):
        optimizer.zero_grad()
        model(torch.rand(6, 3, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
        optimizer.step()

    (a, opt_a), (b, opt_b) = build(0), build(1)
    learn(a, opt_a, 0)
    checkpoint = Checkpoint(tmp_path / "a")
    checkpoint.save(state_tensors({"m": a}, {"o": opt_a}), {})
    restore_tensors(checkpoint.load()[0], {"m": b}, {"o": opt_b})
    learn(a, opt_a, 1)
    learn(b, opt_b, 1)
    for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True):
        assert torch.equal(x, y)
