"""The linear probe over all layers, each apart and as a weighted sum."""

from pathlib import Path

import pytest
import torch
from helpers.speech import heard, speech
from probeline.core.events import Record
from probeline.evaluation._layer_probes import _fitted
from probeline.evaluation.linear_probe import Config, LinearProbe

ENCODER = {"name": "wave_transformer", "channels": 8, "width": 16, "depth": 2, "heads": 2, "scale": "none"}


@pytest.fixture(scope="module")
def data():
    return speech(train=24, validation=10, test=12)


def records(data, folder: Path, encoder: dict = ENCODER, **settings: object) -> dict[str, float]:
    evidence = heard(encoder, data).evaluation_data()
    events = LinearProbe(Config.model_validate(settings)).evaluate(evidence, folder)
    return {event.name: event.value for event in events if isinstance(event, Record)}


def test_every_layer_is_probed_as_it_is_alone_and_the_best_on_validation_is_the_result(data, tmp_path: Path) -> None:
    every = records(data, tmp_path, layer="all")
    validated = [every[f"layer_{layer}/validation_top1"] for layer in range(3)]
    for layer in range(3):
        alone = records(data, tmp_path, layer=layer)
        assert every[f"layer_{layer}/top1"] == alone["top1"] and validated[layer] == alone["validation_top1"]
    best = int(every["layer"])
    assert validated[best] == max(validated) == every["validation_top1"]
    assert every["top1"] == every[f"layer_{best}/top1"]


def test_weights_of_layers_of_one_size_sum_to_one(data, tmp_path: Path) -> None:
    weighted = records(data, tmp_path, layer="weighted", l2=(0.01,))
    weights = {name: value for name, value in weighted.items() if name.startswith("weight_")}
    assert list(weights) == ["weight_1", "weight_2"]  # layer 0 has the convolutions' size
    assert sum(weights.values()) == pytest.approx(1.0) and "validation_top1" in weighted


def test_the_layer_that_holds_the_class_gets_the_weight() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 2
    noise = torch.randn(3, 60, 4, generator=generator)
    noise[1, :, 0] += 6.0 * labels - 3.0
    probe = _fitted(noise, labels, 2, 1e-2)
    assert int(probe.weights.argmax()) == 1 and float(probe.weights[1]) > 0.8
