import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from probeline.data import cache as data_cache
from probeline.data import store
from probeline.errors import UserError

DIGITS = {"name": "digits"}


def test_facts_and_the_opened_data_set_agree():
    facts, opened = store.facts(DIGITS), store.open_dataset(DIGITS)
    assert (facts.train_size, facts.validation_size, facts.test_size) == (1294, 144, 359)
    assert [len(part) for part in (opened.train, opened.validation, opened.test)] == [1294, 144, 359]
    assert facts.digest == opened.digest and facts.classes == opened.classes == tuple("0123456789")
    assert facts.sample.shape == opened.train.inputs.shape[1:] == (8, 8, 1)


def test_parts_are_views_of_the_memory_mapped_file():
    opened = store.open_dataset({**DIGITS, "train_size": 100})
    assert isinstance(opened.train.inputs, np.memmap) and not opened.train.inputs.flags.owndata
    assert np.bincount(opened.train.labels).min() >= 9


def test_split_and_limits_change_the_sizes_but_not_the_digest():
    limited = store.facts({**DIGITS, "validation": 0.25, "train_size": 200, "test_size": 100})
    assert (limited.train_size, limited.validation_size, limited.test_size) == (200, 360, 100)
    assert limited.digest == store.facts(DIGITS).digest
    assert store.facts({**DIGITS, "test": 0.3}).digest != limited.digest


def test_the_digest_is_the_same_in_another_cache(tmp_path, monkeypatch):
    here = store.facts(DIGITS)
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "elsewhere"))
    assert store.facts(DIGITS) == here


def test_facts_from_a_warm_memo_import_nothing_heavy():
    store.facts({"name": "photos", "train_crops": 2, "test_crops": 2})
    program = (
        "import sys; from probeline.data import store\n"
        "store.facts({'name': 'photos', 'train_crops': 2, 'test_crops': 2})\n"
        "print([name for name in ('torch', 'PIL', 'sklearn', 'skimage', 'torchvision') if name in sys.modules])"
    )
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run([sys.executable, "-c", program], env=os.environ | paths, capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def _entry(cache: Path) -> Path:
    return next((cache / "datasets" / "arrays").iterdir())


DAMAGES = {
    "cut short": lambda e: os.truncate(e / "train_inputs.npy", 5000),
    "a byte changed": lambda e: _overwrite(e / "train_inputs.npy", 3000, b"\x7f\x01"),
    "a header spoilt": lambda e: _overwrite(e / "test_labels.npy", 0, b"\0\0\0"),
    "a file gone": lambda e: (e / "test_inputs.npy").unlink(),
    "the manifest spoilt": lambda e: _overwrite(e / "manifest.json", 20, b"0"),
    "the manifest gone": lambda e: (e / "manifest.json").unlink(),
    "all gone": shutil.rmtree,
}


def _overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_cache_is_built_anew(cache, damage):
    before = store.open_dataset(DIGITS)
    expected = np.array(before.train.inputs)
    damage(_entry(cache))
    after = store.open_dataset(DIGITS)
    assert np.array_equal(after.train.inputs, expected) and after.digest == before.digest
    assert [path.name for path in (cache / "datasets" / "arrays").iterdir()] == [after.digest]


def test_a_damaged_memo_is_built_anew(cache):
    facts = store.facts(DIGITS)
    memo = next((cache / "datasets" / "memos").iterdir())
    memo.write_text(memo.read_text().replace("359", "358"))
    assert store.facts(DIGITS) == facts


def test_data_that_are_open_survive_the_deletion_of_the_cache(cache):
    opened = store.open_dataset(DIGITS)
    shutil.rmtree(cache)
    assert opened.train.inputs.max() == 255
    assert store.open_dataset(DIGITS).digest == opened.digest


def _facts_in_a_process(_: int) -> tuple:
    return store.facts(DIGITS).digest, len(store.open_dataset(DIGITS).train)


def test_processes_that_build_at_once_agree_and_leave_one_entry(cache):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert len(set(pool.map(_facts_in_a_process, range(6)))) == 1
    assert len(list((cache / "datasets" / "arrays").iterdir())) == 1


def test_large_files_are_checked_by_their_size_and_blocks(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(bytes(data_cache.BLOCK * 200))
    before = data_cache._sample(path)
    for at in (0, data_cache.BLOCK * 200 - 1):
        _overwrite(path, at, b"\1")
        assert data_cache._sample(path) != before
        _overwrite(path, at, b"\0")
    assert data_cache._sample(path) == before


def test_a_files_digest_follows_its_content(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    first = store.digest_of_file(path)
    assert first == store.digest_of_file(path) == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    path.write_bytes(b"other")
    assert store.digest_of_file(path) != first
    with pytest.raises(UserError, match="nothing: cannot be read: no such file"):
        store.digest_of_file(tmp_path / "nothing")


@pytest.mark.parametrize("folder", ["/proc/no-such-folder", "/dev/null/x"])
def test_a_cache_that_cannot_be_written_is_named_with_the_variable_that_moves_it(monkeypatch, folder):
    monkeypatch.setenv("PROBELINE_CACHE", folder)
    with pytest.raises(UserError, match=f"^{folder}.*: cannot be written .*PROBELINE_CACHE"):
        store.facts(DIGITS)
