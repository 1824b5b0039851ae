import numpy as np
import pytest
import torch
from helpers.subjects import dataset, method, stripes
from probeline.core.dataset import Split
from probeline.errors import Diverged
from probeline.training.embeddings import evaluation_data, represent, with_channels

CPU = torch.device("cpu")


def test_representations_are_in_the_parts_order_and_as_if_one_by_one(monkeypatch):
    data = dataset()
    built = method("simclr", data).eval()
    h, labels = represent(built.encoder, data.train, CPU)
    monkeypatch.setattr("probeline.training.embeddings.BATCH", 7)
    again, _ = represent(built.encoder, data.train, CPU)
    torch.testing.assert_close(h, again, rtol=1e-4, atol=1e-5)
    assert labels.tolist() == data.train.labels.tolist()
    assert h.dtype == torch.float32


def test_evidence_is_of_a_frozen_copy():
    data = dataset()
    built = method("simclr", data).train()
    state = {key: value.clone() for key, value in built.state_dict().items()}
    given = evaluation_data(built, data, CPU, 0)
    assert given.subject.method is not built
    assert not given.subject.method.training
    assert not any(parameter.requires_grad for parameter in given.subject.method.parameters())
    assert all(parameter.requires_grad for parameter in built.parameters())
    assert all(torch.equal(value, state[key]) for key, value in built.state_dict().items())


def test_z_is_the_projection_of_h_or_absent():
    given = evaluation_data(method("simclr", dataset()), dataset(), CPU, 0)
    torch.testing.assert_close(given.train.z, given.subject.method.project(given.train.h), rtol=1e-4, atol=1e-5)
    assert given.test.z.shape == (24, 128)
    assert evaluation_data(method("rotation", dataset()), dataset(), CPU, 0).train.z is None


def test_an_encoder_that_gives_no_numbers_ends_the_trial():
    built = method("simclr", dataset())
    with torch.no_grad():
        next(built.encoder.parameters()).fill_(torch.nan)
    with pytest.raises(Diverged, match="not finite"):
        evaluation_data(built, dataset(), CPU, 0)


def test_grey_becomes_three_equal_channels_and_colour_its_luma():
    grey = stripes(4, channels=1)
    colour = with_channels(grey, 3)
    assert all(np.array_equal(colour.inputs[..., c], grey.inputs[..., 0]) for c in range(3))
    assert np.array_equal(with_channels(colour, 1).inputs, grey.inputs)
    red = Split(np.full((1, 1, 1, 3), (255, 0, 0), np.uint8), np.zeros(1, np.int64))
    assert with_channels(red, 1).inputs.item() == 76
    assert with_channels(grey, 1) is grey
    with pytest.raises(ValueError, match="4 channels cannot become images of 3"):
        with_channels(stripes(2, channels=4), 3)
