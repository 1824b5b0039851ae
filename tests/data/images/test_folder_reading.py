"""What `image_folder` reads, skips, refuses and reports, through the store that decodes and caches it."""

import os
import tarfile

import numpy as np
import pytest
from helpers.pets import RANDOM, component, packed, save
from PIL import Image, features
from probeline.data import store
from probeline.data.archives import reader, zip_members
from probeline.data.loader import batches
from probeline.errors import BadData, UserError


def test_damaged_images_are_skipped_up_to_a_share(folder):
    (folder / "cat" / "1.png").write_bytes(b"not a picture")
    skipping = component(folder, on_damaged="skip", max_damaged=0.05)
    facts, report = store.facts(skipping), store.read_report(skipping)
    assert facts.train_size + facts.validation_size + facts.test_size == 19
    assert report.damaged_count == 1 and "cat/1.png: not an image" in report.damaged[0]
    assert "1 damaged left out" in facts.remarks[0]
    with pytest.raises(BadData, match=r"1 of 20 images are damaged; more than `max_damaged: 0.04`"):
        store.facts(component(folder, on_damaged="skip", max_damaged=0.04))


def test_skipping_never_takes_a_whole_class(folder):
    for path in (folder / "cat").iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match="no image of class 'cat' can be read"):
        store.facts(component(folder, on_damaged="skip", max_damaged=0.5))


def test_skipping_leaves_labels_with_their_images(tmp_path):
    for number in range(40):
        save(
            tmp_path / "x" / "ab"[number % 2] / f"{number:02}.png",
            np.full((4, 4), 100 * (number % 2) + number, np.uint8),
        )
    (tmp_path / "x" / "a" / "06.png").write_bytes(b"")
    opened = store.open_dataset(component(tmp_path / "x", on_damaged="skip", max_damaged=0.1))
    for part in (opened.train, opened.validation, opened.test):
        assert np.array_equal(part.inputs[:, 0, 0, 0] > 100, part.labels == 1)


def test_a_photograph_is_turned_where_asked_and_the_report_counts_it(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    for number in range(6):
        path = tmp_path / "x" / "a" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RANDOM.integers(0, 256, (8, 16, 3), np.uint8)).save(path, exif=exif)
    as_stored, upright = component(tmp_path / "x"), component(tmp_path / "x", exif="apply")
    assert store.facts(as_stored).sample.shape == (8, 16, 3) and store.facts(upright).sample.shape == (16, 8, 3)
    assert any(
        "6 images have a stored rotation (EXIF), which was not applied" in r for r in store.facts(as_stored).remarks
    )
    assert any("which was applied" in remark for remark in store.facts(upright).remarks)


def test_sixteen_bits_reach_the_encoder_whole(tmp_path):
    for number in range(8):
        save(tmp_path / "x" / "ab"[number % 2] / f"{number}.png", RANDOM.integers(0, 65536, (4, 4), np.uint16))
    opened = store.open_dataset(component(tmp_path / "x"))
    batch = next(batches(opened.train, len(opened.train), seed=0, epoch=0, device="cpu", shuffle=False))
    assert opened.train.inputs.dtype == np.uint16
    assert np.array_equal(
        (batch.inputs.numpy() * 65535).round().astype(np.uint16), opened.train.inputs.transpose(0, 3, 1, 2)
    )


def test_dark_images_of_twelve_bits_are_remarked_on(tmp_path):
    for number in range(4):
        save(tmp_path / "x" / "a" / f"{number}.png", np.full((4, 4), 4000 + number, np.uint16))
    assert any(
        "16-bit values reach only 4,003 of 65,535" in remark
        for remark in store.facts(component(tmp_path / "x")).remarks
    )
    assert not any(
        "images are dark" in remark for remark in store.facts(component(tmp_path / "x", levels=[0, 4095])).remarks
    )


@pytest.mark.parametrize("other", [np.zeros((8, 8), np.uint16), np.zeros((8, 8, 4), np.uint8)])
def test_images_of_another_depth_need_a_choice(folder, other):
    save(folder / "dog" / "other.png", other)
    if other.dtype == np.uint16:
        with pytest.raises(UserError, match=r"differ in depth: 8 bits .* and 16 bits .*other\.png.*set `bits`"):
            store.facts(component(folder))
        assert store.open_dataset(component(folder, bits=16)).train.inputs.dtype == np.uint16
        assert store.open_dataset(component(folder, bits=8)).train.inputs.dtype == np.uint8
    assert store.facts(component(folder, bits=8)).sample.shape == (8, 8, 3)


def test_float_images_need_levels_and_are_not_called_damaged(tmp_path):
    path = tmp_path / "x" / "a" / "1.tif"
    save(path, RANDOM.normal(0, 1, (4, 4)).astype(np.float32))
    for number in range(3):
        (tmp_path / "x" / "a" / f"{number + 2}.tif").write_bytes(path.read_bytes())
    with pytest.raises(UserError, match=r"a/1\.tif: its values are float32 .*set `levels"):
        store.facts(component(tmp_path / "x"))
    assert store.facts(component(tmp_path / "x", levels=[-3, 3])).sample.shape == (4, 4, 1)
    assert store.open_dataset(component(tmp_path / "x", levels=[-3, 3])).train.inputs.dtype == np.uint16


def test_levels_that_do_not_ascend_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"levels is \[5, 5\]: black comes first"):
        store.facts(component(tmp_path, levels=[5, 5]))


@pytest.mark.parametrize(
    ("suffix", "format_"), [(".jfif", "JPEG"), (".jpe", "JPEG"), (".avif", "AVIF"), (".apng", "PNG")]
)
def test_other_suffixes_of_formats_that_are_read_are_samples(folder, suffix, format_):
    if format_ == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    path = folder / "cat" / f"new{suffix}"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path, format_)
    assert store.read_report(component(folder)).images == 21


@pytest.mark.parametrize("suffix", [".heic", ".jxl", ".dcm"])
def test_a_sample_of_a_format_that_is_not_read_is_named_and_not_passed_over(folder, suffix):
    (folder / "cat" / f"photo{suffix}").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 100)
    with pytest.raises(BadData, match=rf"photo\{suffix}: .*a format that is not read; convert it to PNG or JPEG"):
        store.facts(component(folder))


@pytest.mark.parametrize("kind", ["pipe", "device", "dangling", "circle"])
def test_an_image_that_is_no_regular_file_is_named(folder, kind):
    path = folder / "cat" / "odd.png"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"device": "/dev/zero", "dangling": "nowhere", "circle": path}[kind])
    with pytest.raises(BadData, match=r"1 of 21 images are damaged(?s:.*)cat/odd\.png: (a|no) "):
        store.facts(component(folder))
    assert store.facts(component(folder, on_damaged="skip", max_damaged=0.05)).train_size > 0


def test_a_list_of_an_archive_tells_of_too_long_images_before_any_is_decoded(folder, monkeypatch):
    path = packed(folder, "zip")
    monkeypatch.setattr(zip_members, "MAX_BYTES", 100)
    monkeypatch.setattr(reader, "contents", None)
    with pytest.raises(BadData, match="20 of 20 images are damaged"):
        store.facts(component(path))


def test_two_images_are_too_few(tmp_path):
    for number in range(2):
        save(tmp_path / "x" / "a" / f"{number}.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(UserError, match=r"2 image\(s\); at least 3 are needed"):
        store.facts(component(tmp_path / "x"))


@pytest.mark.parametrize("path", ["~nosuchuser/x", "a" * 300, "a" * 5000, "/proc", "/dev/zero", "a\0b"])
def test_a_path_that_is_no_data_is_one_short_message(path):
    with pytest.raises(UserError) as caught:
        store.facts({"name": "image_folder", "path": path})
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)


def test_the_report_counts_what_was_read_and_what_was_passed_over(folder):
    (folder / "cat" / "notes.txt").write_text("x")
    (folder / ".hidden").mkdir()
    (folder / "dog" / "nested").mkdir()
    save(folder / "dog" / "nested" / "1.png", np.zeros((8, 8), np.uint8))
    report = store.read_report(component(folder))
    assert report.images == 21 and report.sizes == {"8x8": 21} and report.modes == {"RGB": 20, "L": 1}
    assert report.passed_over == {".txt": 1, "hidden files and folders": 1}
    assert {name: sum(counts.values()) for name, counts in report.splits.items()} == {"train": 17, "test": 4}
    assert any("nested folders, such as dog/nested" in remark for remark in report.remarks)


def test_classes_that_only_the_test_split_has_are_remarked_on(tmp_path):
    for number, name in enumerate(["train/a", "train/a", "train/b", "test/a", "test/c"]):
        save(tmp_path / "x" / name / f"{number}.png", np.zeros((4, 4), np.uint8))
    facts = store.facts(component(tmp_path / "x"))
    assert any("1 classes are in test and not in train: c" in remark for remark in facts.remarks)


def test_a_name_that_stands_twice_in_an_archive_is_counted(folder):
    path = packed(folder, "tar")
    with tarfile.open(path, "a") as archive:
        archive.add(folder / "cat" / "1.png", "pets/cat/3.png")
    report = store.read_report(component(path))
    assert report.images == 20 and report.passed_over == {"names that stand twice, of which the last was read": 1}
