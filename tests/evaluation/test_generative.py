"""Bits per dim and pictures: on real methods of tiny size, and on a density whose bits are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.datasets import dataset_of
from helpers.encoders import Wrapped
from PIL import Image
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.events import Artifact, Record
from probeline.core.method import Method
from probeline.core.protocol import Protocol
from probeline.core.sample_spec import image
from probeline.errors import NotApplicable
from probeline.evaluation.generations import sheet
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.training.embeddings import evaluation_data
from torch import nn

SIDE = 16


def dataset(test=30):
    def part(count, seed):
        pixels = np.random.default_rng(seed).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
        return Split(pixels, np.arange(count, dtype=np.int64) % 3)

    return dataset_of(part(12, 0), part(6, 1), part(test, 2), ("a", "b", "c"))


def given(name, test=30, **settings):
    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 2}, image(SIDE, SIDE, 3))
    config = catalog.config("methods", name)(**settings)
    facts = DatasetInfo("-", 12, 6, test, ("a", "b", "c"), image(SIDE, SIDE, 3))
    method = catalog.plugin_class("methods", name, Method)(config, encoder, facts)
    return evaluation_data(method, dataset(test), torch.device("cpu"), seed=3)


def events(protocol, given, folder, **settings):
    config = catalog.config("protocols", protocol)(**settings)
    results = list(catalog.plugin_class("protocols", protocol, Protocol)(config).evaluate(given, folder))
    return {item.name: item.value for item in results if isinstance(item, Record)}, [
        item.path for item in results if isinstance(item, Artifact)
    ]


class Even(nn.Module):
    """Every level of every pixel alike: eight bits per dim."""

    def __init__(self):
        super().__init__()
        self.encoder = Wrapped(nn.Flatten())

    def log_weights(self, images, rng, samples):
        return torch.full((samples, len(images)), -images[0].numel() * math.log(256.0))


def test_a_density_that_knows_nothing_has_eight_bits_per_dim(tmp_path):
    seen = given("vae")
    seen = replace(seen, subject=replace(seen.subject, method=Even()))
    records, _ = events("bits_per_dim", seen, tmp_path)
    assert records["elbo"] == pytest.approx(8.0)
    assert records["importance_weighted"] == pytest.approx(8.0)


def test_the_importance_weighted_bits_of_a_vae_are_fewer(tmp_path):
    records, _ = events("bits_per_dim", given("vae", latent_dim=4, decoder_width=4), tmp_path, samples=5)
    assert records["importance_weighted"] < records["elbo"]
    assert (records["samples"], records["images"]) == (5, 30)


def test_batches_decide_nothing_and_a_limit_is_told(tmp_path):
    seen = given("vae", latent_dim=4, decoder_width=4)
    one, _ = events("bits_per_dim", seen, tmp_path, images=20, batch_size=7, samples=2)
    other, _ = events("bits_per_dim", seen, tmp_path, images=20, batch_size=20, samples=2)
    assert one == pytest.approx(other, rel=1e-5)
    assert one["images"] == 20


def test_codes_that_are_certain_have_one_bound_and_their_own_bits(tmp_path):
    settings = {"codes": 8, "code_dim": 4, "decoder_width": 4}
    plain, _ = events("bits_per_dim", given("vqvae", **settings), tmp_path)
    prior = given("vqvae_prior", **settings, prior_width=4, prior_layers=2)
    records, _ = events("bits_per_dim", prior, tmp_path)
    assert set(plain) == {"images", "elbo"}
    assert set(records) == {"images", "elbo", "codes", "bits_per_code"}
    places = prior.subject.method.body.positions
    assert records["codes"] == pytest.approx(records["bits_per_code"] * places / (SIDE * SIDE * 3), rel=1e-5)
    assert 0 < records["bits_per_code"] < 6


@pytest.mark.parametrize("protocol", ["bits_per_dim", "generations"])
def test_a_method_that_makes_no_images_is_told_so(protocol, tmp_path):
    with pytest.raises(NotApplicable, match=r"vae.*Rotation does not"):
        events(protocol, given("rotation"), tmp_path)


@pytest.mark.parametrize("protocol", ["bits_per_dim", "generations"])
def test_no_label_is_read(protocol, tmp_path):
    seen = given("vqvae", codes=8, code_dim=4, decoder_width=4)
    events(protocol, seen, tmp_path)
    assert len(seen.test.reveal()) == len(seen.test.h), "they were still sealed"


def test_pictures_are_files_of_the_asked_size(tmp_path):
    seen = given("vae", latent_dim=4, decoder_width=4)
    records, files = events("generations", seen, tmp_path, columns=5, rows=2, scale=2)
    assert [file.name for file in files] == ["reconstructions.png", "samples.png"]
    for file in files:
        picture = Image.open(file)
        assert picture.size == (2 * (5 * (SIDE + 1) - 1), 2 * (4 * (SIDE + 1) - 1))
        assert picture.mode == "RGB"
    assert 0 < records["mean_squared_error"] < 1


def test_fewer_images_than_places_leave_them_white(tmp_path):
    _, files = events(
        "generations", given("vae", test=4, latent_dim=4, decoder_width=4), tmp_path, columns=3, rows=2, scale=1
    )
    pixels = np.asarray(Image.open(files[0]))
    assert (pixels[2 * (SIDE + 1) :, SIDE + 1 :] == 255).all()


def test_a_sheet_shows_pixels_as_they_are_and_grey_as_grey():
    images = torch.tensor([[[[0.0, 1.0]]], [[[0.2, 0.4]]]])  # [2, 1, 1, 2]
    picture = sheet([images, images[:1]])
    assert picture[:, :, 0].tolist() == [[0, 255, 255, 51, 102], [255] * 5, [0, 255, 255, 255, 255]]
