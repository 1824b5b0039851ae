import pytest
from probeline.data.images.class_folders import items
from probeline.errors import UserError


def read(*names: str) -> list[tuple[str, str]]:
    return [(item.split, item.label) for item in items(names, "x.tar")]


def test_folders_are_classes():
    assert read("x/cat/1.png", "x/dog/1.jpg") == [("", "cat"), ("", "dog")]


def test_parts_stand_at_any_common_prefix():
    labels = read("./data/v1/train/cat/1.png", "./data/v1/val/cat/1.png", "./data/v1/Test/dog/1.JPEG")
    assert sorted(labels) == [("test", "dog"), ("train", "cat"), ("validation", "cat")]


def test_one_part_alone_is_still_a_part():
    assert read("cifar10/train/cat/1.png", "cifar10/train/dog/1.png") == [("train", "cat"), ("train", "dog")]
    assert read("train/cat/1.png", "train/cat/2.png") == [("train", "cat")] * 2


def test_a_class_may_be_called_train():
    assert read("x/plane/1.png", "x/train/1.png") == [("", "plane"), ("", "train")]


def test_nested_classes_keep_their_path():
    assert read("x/Greek/a/1.png", "x/Latin/a/1.png") == [("", "Greek/a"), ("", "Latin/a")]


def test_a_single_class_is_named_by_its_folder():
    assert read("x/cat/1.png", "x/cat/2.png") == [("", "cat")] * 2


def test_what_is_no_image_and_what_is_hidden_is_no_sample():
    assert read("cat/1.png", "dog/1.png", "README.md", "cat/.2.png", "__MACOSX/cat/1.png") == [("", "cat"), ("", "dog")]


def test_the_order_does_not_depend_on_the_archives():
    names = ["t/b/1.png", "t/a/2.png", "t/a/1.png"]
    assert items(names, "") == items(reversed(names), "")
    assert [item.name for item in items(names, "")] == ["t/a/1.png", "t/a/2.png", "t/b/1.png"]


def test_the_stored_name_is_kept():
    assert items(["./a/1.png", "./b/1.png"], "")[0].name == "./a/1.png"


def test_images_outside_class_folders_are_refused():
    with pytest.raises(UserError, match=r"x.tar: sheet.png lies outside a class folder"):
        read("sheet.png", "cat/1.png")
    with pytest.raises(UserError, match=r"x.tar: train/sheet.png lies outside"):
        read("train/sheet.png", "train/cat/1.png", "test/cat/1.png")
    with pytest.raises(UserError, match="holds no images"):
        read("cat/1.txt")


def test_images_in_no_class_folder_at_all_have_no_label():
    assert read("1.png", "2.png") == [("", "")] * 2
    assert read("./1.png", "./2.png") == [("", "")] * 2
    assert read("x/train/1.png", "x/test/cat/1.png") == [("test", "cat"), ("train", "")]
