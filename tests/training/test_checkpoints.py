import os

import pytest
import torch
from probeline.errors import DiskFull
from probeline.training.checkpoints import Checkpoint, EncoderStore, restore_tensors, state_tensors
from safetensors.torch import load_file
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


def method():
    made = nn.Module()
    made.encoder, made.projector = nn.Linear(2, 2), nn.Linear(2, 3)
    return made


def test_a_stored_method_comes_back_with_its_encoder_and_facts(tmp_path):
    store, source, target = EncoderStore(tmp_path), method(), method()
    store.save("abc", source, {"dim": 2})
    assert store.load("abc", target) == {"dim": 2}
    assert torch.equal(source.encoder.weight, target.encoder.weight)
    assert torch.equal(source.projector.weight, target.projector.weight)


def test_the_encoder_has_a_file_of_its_own(tmp_path):
    source = method()
    folder = EncoderStore(tmp_path).save("abc", source, {})
    assert load_file(folder / "encoder.safetensors").keys() == source.encoder.state_dict().keys()


def test_of_two_encoders_with_one_id_the_first_stays(tmp_path):
    store, first, second = EncoderStore(tmp_path), method(), method()
    store.save("abc", first, {"n": 1})
    store.save("abc", second, {"n": 2})
    assert store.load("abc", second) == {"n": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]


@pytest.mark.parametrize("name", ["encoder.safetensors", "method.safetensors", "encoder.json"])
def test_a_damaged_encoder_counts_as_none_and_can_be_stored_again(tmp_path, name, caplog):
    store, encoder = EncoderStore(tmp_path), method()
    store.save("abc", encoder, {"n": 1})
    os.truncate(tmp_path / "abc" / name, 5)
    assert store.load("abc", encoder) is None
    assert "trained again" in caplog.text
    store.save("abc", encoder, {"n": 2})
    assert store.load("abc", encoder) == {"n": 2}
