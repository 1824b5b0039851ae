import io
import tarfile

import numpy as np
import pytest
from helpers.pets import RANDOM, component, packed, save
from PIL import Image
from probeline.data import store
from probeline.errors import BadData, UserError
from probeline.experiment.canonical import canonical_component
from probeline.plugins import catalog


def test_a_folder_without_parts_gets_a_stratified_test_part(folder):
    facts = store.facts(component(folder))
    assert (facts.train_size, facts.validation_size, facts.test_size) == (14, 2, 4)
    assert facts.classes == ("cat", "dog") and facts.sample.shape == (8, 8, 3)
    assert np.bincount(store.open_dataset(component(folder)).test.labels).tolist() == [2, 2]


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_an_archive_has_the_digest_of_its_folder(folder, kind):
    assert store.facts(component(packed(folder, kind))) == store.facts(component(folder))


def test_a_changed_image_changes_the_digest(folder):
    before = store.facts(component(folder)).digest
    save(folder / "cat" / "1.png", np.zeros((8, 8, 3), np.uint8))
    assert store.facts(component(folder)).digest != before


def test_parts_are_taken_where_they_are(tmp_path):
    for part, count in (("train", 6), ("val", 3), ("test", 2)):
        for number in range(count):
            save(tmp_path / "x" / part / "abc"[number % 2] / f"{number}.png", np.full((4, 4), count, np.uint8))
    facts = store.facts(component(tmp_path / "x"))
    assert (facts.train_size, facts.validation_size, facts.test_size) == (6, 3, 2) and facts.sample.shape == (4, 4, 1)
    opened = store.open_dataset(component(tmp_path / "x"))
    assert [set(part.inputs.ravel()) for part in (opened.train, opened.validation, opened.test)] == [{6}, {3}, {2}]


def test_a_part_named_val_tests_where_none_is_named_test(tmp_path):
    for part, count in (("train", 10), ("val", 3)):
        for number in range(count):
            save(tmp_path / "x" / part / "a" / f"{number}.png", np.zeros((4, 4), np.uint8))
    facts = store.facts(component(tmp_path / "x"))
    assert (facts.train_size, facts.validation_size, facts.test_size) == (9, 1, 3)


def test_the_test_part_may_lie_in_a_second_archive(folder, tmp_path):
    save(tmp_path / "more" / "test" / "dog" / "1.png", np.zeros((8, 8, 3), np.uint8))
    facts = store.facts(component(folder, test_path=str(tmp_path / "more")))
    assert (facts.train_size, facts.validation_size, facts.test_size) == (18, 2, 1)


def test_a_second_archive_with_a_training_part_is_refused(folder, tmp_path):
    save(tmp_path / "more" / "train" / "dog" / "1.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(UserError, match="test_path"):
        store.facts(component(folder, test_path=str(tmp_path / "more")))


def test_a_folder_with_a_test_part_alone_is_refused(tmp_path):
    save(tmp_path / "test" / "dog" / "1.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(UserError, match=r"splits \(test\) but none named train"):
        store.facts(component(tmp_path))


def test_images_of_other_sizes_need_a_size(folder):
    save(folder / "dog" / "wide.png", RANDOM.integers(0, 256, (12, 16, 3), np.uint8))
    with pytest.raises(UserError, match=r"8x8 .* and 16x12 .*dog/wide.png.*set `size`"):
        store.facts(component(folder))
    assert store.facts(component(folder, size=6)).sample.shape == (6, 6, 3)


def test_grey_images_stay_grey_unless_colour_is_asked_for(tmp_path):
    for number in range(4):
        save(tmp_path / "x" / "a" / f"{number}.png", np.full((4, 4), number, np.uint8))
    assert store.facts(component(tmp_path / "x")).sample.shape == (4, 4, 1)
    assert store.facts(component(tmp_path / "x", channels=3)).sample.shape == (4, 4, 3)


@pytest.mark.parametrize("kind", ["folder", "tar.gz", "zip"])
def test_every_damaged_image_is_named_in_one_error(folder, kind):
    (folder / "cat" / "1.png").write_bytes(b"not a picture")
    content = (folder / "dog" / "2.png").read_bytes()
    (folder / "dog" / "2.png").write_bytes(content[: len(content) // 2])
    path = folder if kind == "folder" else packed(folder, kind)
    with pytest.raises(BadData, match=r"(?s)2 of 20 images.*cat/1\.png: .*dog/2\.png: "):
        store.facts(component(path))


def test_many_damaged_images_are_counted(folder):
    for number in range(30):
        (folder / "cat" / f"bad{number}.png").write_bytes(b"")
    with pytest.raises(BadData, match=r"30 of 50 images(?s:.*)and 10 more"):
        store.facts(component(folder))


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere: no such file or folder"):
        store.facts(component(tmp_path / "nowhere"))


def test_a_damaged_archive_is_named(folder):
    path = packed(folder, "tar.gz")
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises((BadData, UserError), match=r"pets\.tar\.gz.*damaged"):
        store.facts(component(path))


def test_nothing_is_written_outside_the_cache(tmp_path, cache):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(buffer, "PNG")
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        for name in ("../../escaped/a/1.png", "../../escaped/a/2.png", "../../escaped/b/3.png"):
            member = tarfile.TarInfo(name)
            member.size = len(buffer.getvalue())
            archive.addfile(member, io.BytesIO(buffer.getvalue()))
    store.facts(component(tmp_path / "evil.tar"))
    assert {path.name for path in tmp_path.iterdir()} == {"evil.tar", "cache"}


def test_real_faces_are_read(shared_data):
    facts = store.facts(component(shared_data / "orl_faces" / "orl_faces_pgm.tar.gz"))
    assert (facts.train_size, facts.validation_size, facts.test_size) == (288, 32, 80)
    assert len(facts.classes) == 40 and facts.sample.shape == (112, 92, 1)


@pytest.mark.slow
def test_real_cifar10_is_read(shared_data):
    folder = shared_data / "cifar10"
    parts = {"path": "cifar10_train_jpg.tar.gz", "test_path": "cifar10_test_jpg.tar.gz"}
    opened = store.open_dataset({"name": "image_folder", **{key: str(folder / name) for key, name in parts.items()}})
    assert [len(part) for part in (opened.train, opened.validation, opened.test)] == [45000, 5000, 10000]
    assert set(np.bincount(opened.validation.labels)) == {500}
    assert np.allclose(opened.train.inputs.mean((0, 1, 2)) / 255, [0.4913, 0.4821, 0.4465], atol=2e-3)


def test_the_digest_of_a_folder_stays_what_it_was(tmp_path):
    for number in range(12):
        pixels = (np.arange(48) * (number + 1) % 251).astype(np.uint8).reshape(4, 4, 3)
        name = f"{('a', 'b', 'B/c')[number % 3]}/{number}.png"
        save(tmp_path / "x" / name, pixels[..., 0] if number == 5 else pixels)
    digest = "087f6a3a2b41ae83c8f0d54c161f5e67b95e09462696eef3ac33a2443c4d82b0"  # of the first stage's reader
    assert store.facts(component(tmp_path / "x")).digest == digest


def test_options_at_their_defaults_leave_ids_alone():
    config = catalog.config("datasets", "image_folder")
    defaults = {name: field.default for name, field in config.model_fields.items() if not field.is_required()}
    full = {"name": "image_folder", "path": "pets", **defaults}
    assert canonical_component("datasets", full) == {"name": "image_folder"}


@pytest.fixture
def faces(tmp_path):
    """Six people with four images each."""
    for person in "abcdef":
        for number in range(1, 5):
            save(tmp_path / "faces" / person / f"{number}.pgm", RANDOM.integers(0, 256, (6, 5), np.uint8))
    return tmp_path / "faces"


def test_whole_classes_are_held_out_where_splits_are_by_class(faces):
    opened = store.open_dataset(component(faces, split_by="class", validation=0.2, test=0.4))
    people = [set(split.labels.tolist()) for split in (opened.train, opened.validation, opened.test)]
    assert list(map(len, people)) == [3, 1, 2] and len(set.union(*people)) == 6
    more = store.facts(component(faces, split_by="class", validation=0.5, test=0.4))
    assert (more.train_size, more.validation_size, more.test_size) == (8, 8, 8)


def test_two_classes_or_folders_that_are_splits_cannot_be_held_out_by_class(folder, tmp_path):
    with pytest.raises(UserError, match=r"2 group\(s\) cannot be divided; 3 are needed"):
        store.facts(component(folder, split_by="class"))
    for name in ("train/a", "test/b"):
        save(tmp_path / "x" / name / "1.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(UserError, match=r"has splits \(test, train\); `split_by: class` divides classes"):
        store.facts(component(tmp_path / "x", split_by="class"))


def test_pairs_of_a_file_stand_in_the_split_of_their_images(faces, tmp_path):
    splits = store.open_dataset(component(faces, split_by="class"))
    tested = sorted(splits.classes[number] for number in np.unique(splits.test.labels))[0]
    lines = [f"{tested}/{number}.pgm,{tested}/{number + 1}.pgm,1" for number in (1, 2, 3)]
    (tmp_path / "pairs.csv").write_text("\n".join(["a,b,same", *lines]))
    opened = store.open_dataset(component(faces, split_by="class", pairs=str(tmp_path / "pairs.csv")))
    pairs = opened.test.lists["pairs"]
    assert len(pairs) == 3 and pairs.same.all() and "pairs" not in opened.train.lists
    assert set(opened.test.labels[pairs.first].tolist()) == {opened.classes.index(tested)}
    images = {row.tobytes() for row in opened.test.inputs[pairs.first]}
    assert len(images) == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a/1.pgm,a/9.pgm,1", r"pairs\.csv:1: no sample is named 'a/9.pgm'"),
        (
            "a/1.pgm,b/1.pgm,0\nc/1.pgm,d/1.pgm,0\ne/1.pgm,f/1.pgm,0",
            r"pairs\.csv: ./1.pgm is in \w+ and ./1.pgm in \w+",
        ),
    ],
)
def test_a_pair_of_an_absent_image_or_across_splits_is_refused(faces, tmp_path, line, message):
    (tmp_path / "pairs.csv").write_text(line)
    with pytest.raises(UserError, match=message):
        store.facts(component(faces, split_by="class", pairs=str(tmp_path / "pairs.csv")))


def test_another_file_of_pairs_is_other_content(faces, tmp_path):
    digests = set()
    for answer in (0, 1):
        (tmp_path / "pairs.csv").write_text(f"a/1.pgm,a/2.pgm,{answer}\n")
        digests.add(store.facts(component(faces, split_by="class", pairs=str(tmp_path / "pairs.csv"))).digest)
    assert len(digests) == 2
