"""The two sets of faces that scikit-learn reads, from files made as its own are."""

import joblib
import numpy as np
import pytest
from helpers.pets import save
from probeline.data import store
from probeline.errors import BadData, UserError
from probeline.experiment.components import resolve

RANDOM = np.random.default_rng(0)


def component(name: str, path, **parameters) -> dict:
    resolved = resolve("datasets", {"name": name, "path": str(path), **parameters})
    assert resolved.value, resolved.complaints
    return resolved.value


@pytest.fixture
def olivetti(tmp_path):
    joblib.dump(RANDOM.random((400, 4096), np.float32), tmp_path / "olivetti_py3.pkz")
    return tmp_path


@pytest.fixture
def lfw(tmp_path):
    """Six people with three photographs each, and five pairs a split."""
    home = tmp_path / "lfw_home"
    for person in "ABCDEF":
        for number in range(1, 4):
            pixels = RANDOM.integers(0, 256, (250, 250, 3), np.uint8)
            save(home / "lfw_funneled" / f"{person}_X" / f"{person}_X_{number:04}.jpg", pixels)
    for name, people in (("pairsDevTrain", "ABC"), ("pairsDevTest", "DEF"), ("pairs", "ABC")):
        same = [f"{person}_X\t1\t2" for person in people]
        different = [f"{people[0]}_X\t1\t{people[1]}_X\t3", f"{people[1]}_X\t2\t{people[2]}_X\t2"]
        (home / f"{name}.txt").write_text("\n".join([str(len(same)), *same, *different]) + "\n")
    return tmp_path


def test_olivetti_people_are_held_out(olivetti):
    info, opened = (
        store.facts(component("olivetti_faces", olivetti)),
        store.open_dataset(component("olivetti_faces", olivetti)),
    )
    people = [set(split.labels.tolist()) for split in (opened.train, opened.validation, opened.test)]
    assert list(map(len, people)) == [29, 3, 8] and len(set.union(*people)) == 40
    assert info.sample.shape == (64, 64, 1) and opened.train.inputs.max() == 255
    shares = store.facts(component("olivetti_faces", olivetti, split_by="none"))
    assert (shares.test_size, len(shares.classes)) == (80, 40)


def test_a_damaged_file_of_faces_is_one_message(tmp_path):
    (tmp_path / "olivetti_py3.pkz").write_bytes(b"no faces")
    with pytest.raises(BadData, match=r"olivetti_py3.pkz: damaged .* remove it to download it again"):
        store.facts(component("olivetti_faces", tmp_path))


def test_lfw_people_with_enough_photographs_are_held_out(lfw):
    config = component("lfw", lfw, min_faces=3, test=0.3)
    opened = store.open_dataset(config)
    people = [set(split.labels.tolist()) for split in (opened.train, opened.validation, opened.test)]
    assert list(map(len, people)) == [3, 1, 2] and store.facts(config).sample.shape == (62, 47, 1)
    assert store.facts(config).classes == tuple(f"{person} X" for person in "ABCDEF")
    with pytest.raises(UserError, match="nobody has 4 photographs; set a lower min_faces"):
        store.facts(component("lfw", lfw, min_faces=4))


def test_lfw_pairs_are_of_other_people_for_testing(lfw):
    opened = store.open_dataset(component("lfw", lfw, form="pairs", color=True, resize=0.2))
    pairs = opened.test.lists["pairs"]
    assert len(pairs) == 5 and pairs.same.sum() == 3 and opened.test.inputs.shape == (10, 25, 18, 3)
    assert not {row.tobytes() for row in opened.test.inputs} & {row.tobytes() for row in opened.train.inputs}
    assert [len(split.lists["pairs"]) for split in (opened.train, opened.validation)] == [4, 1]
    rows = {opened.test.inputs[row].tobytes() for row in (pairs.first[0], pairs.second[0])}
    assert len(rows) == 2
