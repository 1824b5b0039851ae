import numpy as np
import pytest
from probeline.data.images.datasets import photos
from probeline.data.images.decode import read_picture
from sklearn.linear_model import LogisticRegression

SMALL = photos.Config(train_crops=20, test_crops=10)


def test_parts_have_the_crops_asked_for():
    parts = photos.read(SMALL)
    assert {name: part.inputs.shape for name, part in parts.items()} == {
        "train": (200, 32, 32, 3),
        "validation": (100, 32, 32, 3),
        "test": (100, 32, 32, 3),
    }
    assert all(len(set(np.bincount(part.labels, minlength=10))) == 1 for part in parts.values())
    assert len(photos.classes(SMALL)) == 10


@pytest.mark.parametrize("size", [16, 32, 64])
def test_no_pixel_is_shared_between_parts(size):
    for path in photos.files(SMALL):
        photograph = read_picture(path.read_bytes()).pixels
        owner = np.zeros(photograph.shape[:2], np.uint8)
        blocks = photos.blocks(photograph, size, photos.random_for(path, "blocks"))
        for number, (part, corners) in enumerate(blocks.items(), 1):
            boxes = photos.crop_boxes(photograph, corners, size, photos.random_for(path, part))
            for _, (rows, columns) in zip(range(150), boxes, strict=False):
                assert rows.stop - rows.start == columns.stop - columns.start in range(size, 2 * size + 1)
                assert photograph[rows, columns].shape[:2] == (rows.stop - rows.start,) * 2
                assert set(owner[rows, columns].ravel()) <= {0, number}
                owner[rows, columns] = number
        assert set(np.unique(owner)) == {0, 1, 2, 3}


def test_the_same_crops_come_every_time():
    first, second = photos.read(SMALL), photos.read(SMALL)
    assert all(np.array_equal(first[part].inputs, second[part].inputs) for part in first)


def test_more_crops_keep_those_that_were_there():
    more = photos.read(photos.Config(train_crops=30, test_crops=10))["train"]
    assert np.array_equal(more.inputs[:20], photos.read(SMALL)["train"].inputs[:20])


def test_no_crop_is_flat():
    luma = photos.read(SMALL)["train"].inputs @ np.array([0.299, 0.587, 0.114])
    assert luma.reshape(200, -1).std(1).min() > photos.FLAT / 3  # resizing takes some of the contrast


def test_raw_pixels_tell_some_photographs_apart_but_not_all():
    parts = photos.read(photos.Config(train_crops=100, test_crops=40))
    train, test = (parts[part].inputs.reshape(len(parts[part]), -1) / 255 - 0.5 for part in ("train", "test"))
    probe = LogisticRegression(C=1e-3, tol=1e-2, max_iter=200).fit(train, parts["train"].labels)
    assert 0.3 < probe.score(test, parts["test"].labels) < 0.75
