import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from probeline.training.encoder_store import EncoderStore
from safetensors.torch import load_file, save_file
from torch import nn


def method():
    made = nn.Module()
    made.encoder, made.projector = nn.Linear(2, 2), nn.Linear(2, 3)
    return made


def described(**more: Any) -> dict[str, Any]:
    record = {"name": "train/loss", "value": 0.5, "step": 1, "time": 1.5}
    return {"encoder_id": "abc", "seed": 0, "dim": 2, "recipe": {}, "records": [record], "notes": {}} | more


def weights(made: nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in made.state_dict().values()]


def test_a_stored_method_comes_back_with_its_encoder_and_description(tmp_path: Path) -> None:
    store, source, target = EncoderStore(tmp_path), method(), method()
    store.save("abc", source, described())
    assert store.load("abc", target) == described()
    assert all(map(torch.equal, weights(source), weights(target)))


def test_the_encoder_has_a_file_of_its_own(tmp_path: Path) -> None:
    source = method()
    folder = EncoderStore(tmp_path).save("abc", source, described())
    assert load_file(folder / "encoder.safetensors").keys() == source.encoder.state_dict().keys()


def test_of_two_encoders_with_one_id_the_first_stays(tmp_path: Path) -> None:
    store, first, second = EncoderStore(tmp_path), method(), method()
    store.save("abc", first, described(n=1))
    store.save("abc", second, described(n=2))
    assert store.load("abc", second) == described(n=1)
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]


@pytest.mark.parametrize("name", ["encoder.safetensors", "method.safetensors", "encoder.json"])
def test_a_damaged_encoder_counts_as_none_and_can_be_stored_again(tmp_path: Path, name: str, caplog) -> None:
    store, encoder = EncoderStore(tmp_path), method()
    store.save("abc", encoder, described(n=1))
    os.truncate(tmp_path / "abc" / name, 5)
    assert store.load("abc", encoder) is None
    assert "trained again" in caplog.text
    store.save("abc", encoder, described(n=2))
    assert store.load("abc", encoder) == described(n=2)


def without(field: str) -> str:
    return json.dumps({key: value for key, value in described().items() if key != field})


@pytest.mark.parametrize(
    "content",
    [
        "null",
        "7",
        "{}",
        "[" * 100_000,
        without("records"),
        without("encoder_id"),
        json.dumps(described(encoder_id="another")),
        json.dumps(described(records=None)),
        json.dumps(described(records=[{"name": "train/loss", "value": float("nan"), "step": 1, "time": 1.0}])),
        json.dumps(described(records=[{"name": "train/loss", "value": "0.5", "step": 1, "time": 1.0}])),
        json.dumps(described(notes={"resumed": 7})),
    ],
    ids=range(11),
)
def test_a_description_that_is_none_leaves_the_method_as_it_was_initialised(tmp_path, content: str, caplog) -> None:
    """Stored weights must not reach a method that is trained after all: its numbers would be another trial's."""
    store, target = EncoderStore(tmp_path), method()
    store.save("abc", method(), described())
    (tmp_path / "abc" / "encoder.json").write_text(content)
    before = weights(target)
    assert store.load("abc", target) is None
    assert all(map(torch.equal, before, weights(target)))
    assert "trained again" in caplog.text and not (tmp_path / "abc").exists()


def test_weights_of_another_shape_leave_the_method_as_it_was_initialised(tmp_path: Path) -> None:
    store, target = EncoderStore(tmp_path), method()
    store.save("abc", method(), described())
    stored = load_file(tmp_path / "abc" / "method.safetensors")
    save_file({name: torch.zeros(9) for name in stored}, tmp_path / "abc" / "method.safetensors")
    before = weights(target)
    assert store.load("abc", target) is None
    assert all(map(torch.equal, before, weights(target)))
