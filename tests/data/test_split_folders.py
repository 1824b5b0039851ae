import pytest
from probeline.data.images.class_folders import Layout, items
from probeline.errors import UserError


def read(*names: str, **layout) -> list[tuple[str, str]]:
    return [(item.split, item.label) for item in items(names, "x", Layout(**layout))]


@pytest.mark.parametrize(
    ("train", "other", "split"),
    [
        ("train", "dev", "validation"),
        ("train2017", "val2017", "validation"),
        ("training_set", "test_set", "test"),
        ("Training Images", "Test Images", "test"),
        ("images_train", "images_test", "test"),
        ("train1", "test1", "test"),
    ],
)
def test_splits_are_known_by_longer_names_where_two_stand_together(train, other, split):
    assert (
        read(f"{train}/cat/1.png", f"{other}/cat/1.png")
        == [(split, "cat"), ("train", "cat")][:: 1 if split < "train" else -1]
    )


def test_names_of_one_kind_alone_are_classes():
    assert read("train 1/1.png", "train 2/1.png") == [("", "train 1"), ("", "train 2")]
    assert read("dev/1.png", "ops/1.png") == [("", "dev"), ("", "ops")]


@pytest.mark.parametrize(
    "names",
    [
        ("train/cat/1.png", "test/cat/1.png", "extra/cat/1.png"),
        ("train/1.png", "test/1.png", "extra/1.png"),
        ("train/cat/1.png", "unlabelled/1.png"),
        ("train2017/cat/1.png", "val2017/cat/1.png", "misc/cat/1.png"),
        ("train/cat/1.png", "test/cat/1.png", "sheet.png"),
        ("train/cat/1.png", "sheet.png"),
    ],
)
def test_splits_beside_other_folders_are_refused(names):
    with pytest.raises(UserError, match=r"x: train.*look like splits, but beside them stand .*unclear.*`splits: none`"):
        read(*names)


def test_a_class_may_be_called_train_and_hold_images():
    assert read("x/plane/1.png", "x/train/1.png") == [("", "plane"), ("", "train")]


def test_splits_below_classes_are_refused():
    with pytest.raises(UserError, match=r"train/, test/ stand inside|test/, train/ stand inside.*cat/"):
        read("cat/train/1.png", "cat/test/2.png", "dog/train/3.png")


def test_splits_none_takes_every_folder_as_a_class():
    names = ("train/1.png", "test/1.png", "extra/1.png")
    assert read(*names, splits="none") == [("", "extra"), ("", "test"), ("", "train")]
    assert read("train/cat/1.png", "test/cat/1.png", splits="none") == [("", "test/cat"), ("", "train/cat")]


def test_a_folder_packed_inside_itself_is_one():
    names = ("test_set/test_set/cat/1.png", "training_set/training_set/cat/1.png")
    assert read(*names) == [("test", "cat"), ("train", "cat")]


def test_the_class_of_nested_folders_is_chosen():
    names = ("normal/patient01/1.png", "normal/patient02/1.png", "tumour/patient03/1.png")
    assert {label for _, label in read(*names)} == {"normal/patient01", "normal/patient02", "tumour/patient03"}
    assert {label for _, label in read(*names, class_folder="first")} == {"normal", "tumour"}
    assert {label for _, label in read(*names, class_folder="last")} == {"patient01", "patient02", "patient03"}
    split = tuple(f"{part}/{name}" for part in ("train", "test") for name in names)
    assert set(read(*split, class_folder="first")) == {(p, c) for p in ("train", "test") for c in ("normal", "tumour")}
