import math

import pytest
import torch
from helpers.speech import heard
from helpers.subjects import protocol, values
from probeline.errors import NotApplicable
from probeline.evaluation._unit_counts import cluster_purity, joint_counts, normalised_information, phone_purity


def test_units_that_are_the_phones_take_all_uncertainty_away() -> None:
    counts = torch.diag(torch.tensor([3.0, 5.0, 2.0], dtype=torch.float64))
    assert (phone_purity(counts), cluster_purity(counts)) == (1.0, 1.0)
    assert normalised_information(counts) == pytest.approx(1.0)


def test_units_that_are_independent_of_the_phones_take_none_away() -> None:
    counts = torch.tensor([[2.0, 4.0], [1.0, 2.0]], dtype=torch.float64)
    assert normalised_information(counts) == pytest.approx(0.0, abs=1e-12)
    assert phone_purity(counts) == pytest.approx(6 / 9)
    assert cluster_purity(counts) == pytest.approx(6 / 9)


def test_the_shares_are_those_by_hand() -> None:
    counts = joint_counts(torch.tensor([0, 0, 0, 1]), torch.tensor([0, 0, 1, 1]), 2, 2)
    assert counts.tolist() == [[2.0, 1.0], [0.0, 1.0]]
    information = 0.5 * math.log(0.5 / (0.75 * 0.5)) + 0.25 * math.log(0.25 / (0.75 * 0.5)) + 0.25 * math.log(2)
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert normalised_information(counts) == pytest.approx(information / entropy)


def test_units_of_log_mel_know_the_tones_and_layers_are_measured_beside_the_output(tmp_path) -> None:
    data = heard({"name": "log_mel"}).evaluation_data()
    results = values(protocol("unit_quality", clusters=8, layers=[0]).evaluate(data, tmp_path))
    assert results["pnmi"] > 0.6
    assert results["layer_0/pnmi"] == results["pnmi"]  # its only layer is its output
    assert 2 <= results["used"] <= 8


def test_more_units_than_frames_are_refused(tmp_path) -> None:
    data = heard({"name": "log_mel"}).evaluation_data()
    with pytest.raises(NotApplicable, match="20 frames cannot make 30 clusters; lower `clusters`"):
        list(protocol("unit_quality", clusters=30, frames=20).evaluate(data, tmp_path))


WAVES = {"name": "wave_transformer", "channels": 8, "width": 16, "depth": 2, "heads": 2}


def test_layers_are_read_in_two_passes_and_are_those_of_a_pass_each() -> None:
    data = heard(WAVES).evaluation_data()
    passes = []
    data.subject.method.encoder.register_forward_hook(lambda *_: passes.append(1))
    layers = (None, 0, 1, 2)
    data.subject.read_layers("test", layers)
    two_passes = len(passes)
    kept = [data.subject.frames("test", layer) for layer in layers]
    assert len(passes) == two_passes  # nothing is computed again
    alone = heard(WAVES).evaluation_data().subject
    for layer, frames in zip(layers, kept, strict=True):
        assert torch.equal(frames.values, alone.frames("test", layer).values)
    data.subject.read_layers("test", layers)
    assert len(passes) == two_passes
