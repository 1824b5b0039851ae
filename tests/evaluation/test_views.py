import json

import numpy as np
import pytest
import torch
from helpers.subjects import dataset, files, judged, protocol
from PIL import Image
from probeline.core.batch import Views
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.errors import NotApplicable
from probeline.evaluation._frozen_method import ANOTHER
from probeline.evaluation._tiles import rows_of
from probeline.evaluation._view_grid import view_grid
from probeline.plugins import catalog
from probeline.plugins.declarations import fitting


def document(given, folder, **settings):
    sheet, facts = files(protocol("views", **settings).evaluate(given, folder))
    with Image.open(sheet) as picture:
        return json.loads(facts.read_text()), np.asarray(picture).astype(int)


def test_a_quarter_turn_stands_beside_its_image_with_its_target(tmp_path):
    given = judged("rotation", augment=[{"name": "noise", "p": 0.0}])
    facts, sheet = document(given, tmp_path, samples=3)
    assert [[view["target"] for view in sample["views"]] for sample in facts["samples"]] == [[0, 1, 2, 3]] * 3

    def tile(position):
        line, column = divmod(position, facts["sheet"]["across"])
        return sheet[line * 16 : line * 16 + 16, column * 16 : column * 16 + 16]

    for sample in facts["samples"]:
        for view in sample["views"]:
            assert np.abs(tile(view["tile"]) - np.rot90(tile(sample["tile"]), view["target"])).mean() < 12


def test_views_are_those_of_the_samples_own_draws(tmp_path):
    given = judged("simclr")
    _, sheet = document(given, tmp_path, samples=2)
    subject = given.subject
    rows = torch.from_numpy(rows_of(subject.dataset.train.labels, 2))
    batch = next(subject.batches("train", 48))
    views = subject.method.views(batch, SampleRNG(subject.seed ^ ANOTHER, 0, batch.index)).inputs.unflatten(0, (2, 48))
    first = views[0, rows[0]].permute(1, 2, 0).mul(255).round().clamp(0, 255).numpy()
    assert np.abs(sheet[:16, 2 * 16 : 3 * 16] - first).mean() < 8


@pytest.mark.parametrize("name", fitting("methods", "image"))
def test_every_method_shows_its_views_or_says_why_not(name, tmp_path):
    given = judged(name, dataset(24, 9, 9, side=32))
    if not catalog.plugin_class("methods", name, Method).trains:
        with pytest.raises(NotApplicable, match="trains nothing"):
            document(given, tmp_path)
        return
    if name == "siamese":
        with pytest.raises(NotApplicable, match="needs pairs"):
            document(given, tmp_path)
        return
    facts, _ = document(given, tmp_path, samples=2)
    assert len(facts["samples"]) == 2 and all(sample["views"] for sample in facts["samples"])


def test_views_that_are_no_pictures_are_refused_in_words():
    given = judged("simclr")
    given.subject.method.views = lambda batch, rng: Views(batch.inputs[:, 0])
    with pytest.raises(NotApplicable, match=r"\(48, 16, 16\), which is no picture"):
        view_grid(given.subject.method, next(given.subject.batches("train", 48)), None, given.info.sample)
