"""One encoder on other data sets: what fits is judged, what does not leaves the others, all of it enters the id."""

import pytest
from helpers.image_folders import folder
from helpers.subjects import DIGITS, dataset, judged, protocol, trained, values
from probeline.data.store import open_dataset
from probeline.errors import NotApplicable
from probeline.execution.planning.plan import make
from probeline.experiment.components import resolve
from probeline.experiment.load import load


def test_a_grey_set_of_another_size_is_probed_by_an_encoder_of_colour(tmp_path):
    results = values(protocol("transfer", data=[DIGITS]).evaluate(judged(), tmp_path))
    assert 0.1 < results["digits/top1"] <= 1
    assert {"digits/l2", "digits/validation_top1", "digits/ece"} <= set(results)


def test_a_colour_set_is_probed_by_an_encoder_of_grey(tmp_path):
    given = judged(data=dataset(channels=1))
    results = values(protocol("transfer", data=[folder(tmp_path / "images")]).evaluate(given, tmp_path))
    assert 0 <= results["image_folder/top1"] <= 1


def test_the_probe_is_the_linear_probe_of_that_data_set(tmp_path):
    held = trained()
    results = values(protocol("transfer", data=[DIGITS]).evaluate(held.evaluation_data(), tmp_path))
    there = held.evaluation_data().embed_dataset(resolve("datasets", DIGITS).value)
    directly = values(protocol("linear_probe").evaluate(there, tmp_path))
    assert {name.removeprefix("digits/"): value for name, value in results.items()} == directly
    assert len(there.train.h) == 40


def test_two_of_one_name_are_told_apart(tmp_path):
    other = {**DIGITS, "train_size": 60}
    results = values(protocol("transfer", data=[DIGITS, other]).evaluate(judged(), tmp_path))
    assert {"digits/top1", "digits_2/top1"} <= set(results)


def test_what_cannot_be_judged_leaves_the_others_and_a_reason(tmp_path):
    data, results = [folder(tmp_path / "flat", labelled=False), DIGITS], {}
    with pytest.raises(NotApplicable, match=r"image_folder: it needs labels, and \d+ of \d+ training samples"):
        for events in protocol("transfer", data=data).evaluate(judged(), tmp_path):
            results |= values([events])
    assert "digits/top1" in results


def test_an_encoder_for_one_size_says_so(tmp_path):
    given = judged("simclr", encoder="raw_pixels")  # its projector reads 16 x 16 x 3 numbers
    with pytest.raises(NotApplicable, match=r"digits: an encoder for images of 16x16x3 does not take.*8x8x1"):
        list(protocol("transfer", data=[DIGITS]).evaluate(given, tmp_path))


SPEC = """
name: moved
base:
  data: {{name: digits, train_size: 100}}
  encoder: {{name: resnet, width: 4}}
  method: simclr
  training: {{epochs: 1, batch_size: 50}}
  evaluation: [linear_probe, {{name: transfer, data: [{data}]}}]
"""


def planned(tmp_path, data):
    (tmp_path / "moved.yaml").write_text(SPEC.format(data=data))
    return make(load(tmp_path / "moved.yaml"), f"sqlite:///{tmp_path}/mlflow.db").trials[0]


def test_what_the_other_data_sets_hold_enters_the_trials_id_but_not_the_encoders(tmp_path):
    images = folder(tmp_path / "images")
    data = f"{{name: image_folder, path: {images['path']}}}"
    first = planned(tmp_path, data)
    assert planned(tmp_path, data).id == first.id
    folder(tmp_path / "images", seed=1)
    changed = planned(tmp_path, data)
    assert changed.id != first.id
    assert changed.encoder_id == first.encoder_id
    folder(tmp_path / "images", seed=0)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    assert planned(tmp_path, data.replace("/images", "/elsewhere")).id == first.id


def test_a_data_set_may_be_given_by_its_name_alone():
    assert open_dataset(resolve("protocols", {"name": "transfer", "data": ["digits"]}).value["data"][0]).classes
