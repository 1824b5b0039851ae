import json

import numpy as np
import pytest
from helpers.datasets import dataset_of, sample_spec
from PIL import Image
from probeline.core.columns import Ragged
from probeline.core.dataset import Dataset, Split
from probeline.data import contact_sheet, overview, store
from probeline.errors import UserError
from probeline.experiment.components import resolve

DIGITS = {"name": "digits"}


def split(labels: list[int], shape: tuple[int, ...] = (8, 8, 1), dtype: type = np.uint8) -> Split:
    values = np.arange(len(labels)).reshape(-1, 1, 1, 1) * (257 if dtype is np.uint16 else 1)
    return Split(np.broadcast_to(values, (len(labels), *shape)).astype(dtype), np.array(labels, np.int64))


def dataset(*labels: list[int], classes: tuple[str, ...] = ("a", "b"), **options) -> Dataset:
    return dataset_of(*(split(each, **options) for each in labels), classes)


def test_counts_are_those_of_every_split_and_images_without_label_stand_apart():
    counts = overview.class_counts(dataset([0, 0, 1, -1], [1], [0, -1]))
    assert counts == {"": [1, 0, 1], "a": [2, 0, 1], "b": [1, 1, 0]}


def test_a_built_in_set_is_told_without_a_report():
    text = overview.text(DIGITS)
    assert "train 1,294, validation 144, test 359; 10 classes; 8x8, 1 channel(s), 8 bits" in text
    assert "  9" in text and "read  " not in text


def test_the_json_form_holds_what_the_text_tells():
    content = json.loads(json.dumps(overview.as_dict(DIGITS)))
    assert content["digest"] == store.facts(DIGITS).digest and content["read"] is None
    assert sum(content["classes"]["3"]) == 183


def test_only_what_differs_from_the_defaults_stands_in_the_title():
    assert overview.title({"name": "digits", "validation": 0.1, "test": 0.3}) == "digits(test=0.3)"


def test_a_row_of_the_sheet_shows_training_and_test_images_of_one_class(tmp_path):
    path = contact_sheet.write(dataset([0] * 9 + [1], [0], [0, 1]), "title", tmp_path / "x" / "sheet.png")
    with Image.open(path) as image:
        pixels = np.asarray(image)
    top, left = 3 * contact_sheet.LINE, contact_sheet.LABEL
    tile, step = contact_sheet.TILE, contact_sheet.TILE + contact_sheet.GAP
    right = left + contact_sheet.COLUMNS["train"] * step + 3 * contact_sheet.GAP
    firsts = [pixels[top + 5, left + column * step + 5, 0] for column in range(7)]
    assert firsts == [0, 1, 2, 3, 4, 5, 6]
    assert pixels[top + step + 5, left + 5, 0] == 9 and pixels[top + step + 5, right + 5, 0] == 1
    assert (pixels[top + step + 5, left + tile + 1 : right] == 255).all()


def test_a_sheet_of_many_classes_shows_some_and_says_so():
    names = tuple(f"class {number}" for number in range(100))
    image = contact_sheet.sheet(dataset(list(range(100)), [0], list(range(100)), classes=names), "title")
    assert image.height == 3 * contact_sheet.LINE + contact_sheet.MAX_CLASSES * (contact_sheet.TILE + contact_sheet.GAP)


def test_deep_and_many_channel_images_are_drawn():
    deep = Split(np.full((2, 4, 4, 5), 200 * 257, np.uint16), np.zeros(2, np.int64))
    image = contact_sheet.sheet(dataset_of(deep, deep, deep, ("a",)), "title")
    left, top = contact_sheet.LABEL, 3 * contact_sheet.LINE
    assert image.getpixel((left, top)) == image.getpixel((left + 79, top + 79)) == (200, 200, 200)
    tall = Split(np.zeros((2, 300, 100, 2), np.uint8), np.zeros(2, np.int64))
    image = contact_sheet.sheet(dataset_of(tall, tall, tall, ("a",)), "title")
    assert image.getpixel((left + 25, top + 79)) == (0, 0, 0) and image.getpixel((left + 26, top)) == (255, 255, 255)


@pytest.mark.parametrize(
    "inputs",
    [
        Ragged(np.ones((6, 2), np.float32).cumsum(0), np.array([0, 4, 6])),
        Ragged(np.arange(3000, dtype=np.int16), np.array([0, 1000, 3000])),
        np.ones((2, 5), np.float32),
    ],
)
def test_samples_of_other_kinds_have_a_sheet_too(inputs):
    part = Split(inputs, np.zeros(2, np.int64))
    image = contact_sheet.sheet(dataset_of(part, part, part, ("a",), sample=sample_spec(part, rate=8000)), "title")
    assert len(set(image.crop((contact_sheet.LABEL, 3 * contact_sheet.LINE, 400, 90)).getdata())) > 1


def test_samples_without_a_picture_have_no_sheet():
    part = Split(Ragged(np.arange(6, dtype=np.int32), np.array([0, 4, 6])), np.zeros(2, np.int64))
    with pytest.raises(UserError, match="samples of the kind tokens have no picture"):
        contact_sheet.sheet(dataset_of(part, part, part, ("a",)), "title")


def test_a_default_that_is_a_list_is_not_in_the_title():
    resolved = resolve("datasets", {"name": "svc2004", "path": "signatures", "points": 20})
    assert overview.title(resolved.value) == "svc2004(path=signatures, points=20)"
