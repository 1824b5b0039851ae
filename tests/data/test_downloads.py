import gzip
import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import torchvision
from probeline.data import store
from probeline.data.images.idx import read_array
from probeline.errors import BadData, UserError

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    # urllib keeps its first opener, proxies and all: start without one, and give the old one back to later tests.
    monkeypatch.setattr("urllib.request._opener", None)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


def make_mnist(folder: Path, pack: bool) -> Path:
    folder.mkdir(parents=True)
    for prefix, count in (("train", 40), ("t10k", 20)):
        images = np.random.default_rng(count).integers(0, 256, (count, 28, 28), np.uint8)
        for name, array in (("images-idx3", images), ("labels-idx1", np.arange(count, dtype=np.uint8) % 10)):
            path = folder / f"{prefix}-{name}-ubyte{'.gz' if pack else ''}"
            path.write_bytes(gzip.compress(idx(array)) if pack else idx(array))
    return folder


def test_idx_files_are_found_bare_or_packed_or_as_torchvision_lays_them(tmp_path):
    make_mnist(tmp_path / "packed", True)
    make_mnist(tmp_path / "tv" / "MNIST" / "raw", False)
    infos = {store.facts({"name": "mnist", "path": str(tmp_path / name)}) for name in ("packed", "tv")}
    assert len(infos) == 1
    assert (facts := infos.pop()).sample.shape == (28, 28, 1) and (facts.train_size, facts.test_size) == (36, 20)


def test_all_damaged_idx_files_are_named(tmp_path):
    folder = make_mnist(tmp_path / "m", True)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"\0\0\x08\x01\0\0\0\x09abc"))
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8b nonsense")
    with pytest.raises(BadData, match=r"(?s)train-images.*header \(9,\) says 9.*t10k-labels"):
        store.facts({"name": "mnist", "path": str(folder)})


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "kmnist", "cifar10", "cifar100", "svhn", "stl10"])
def test_without_a_network_the_error_names_the_files_and_their_folder(tmp_path, name, monkeypatch):
    monkeypatch.setenv("PROBELINE_DATA", str(tmp_path / "downloads"))
    with pytest.raises(UserError, match=r"(?s)missing and could not be downloaded.*downloads/.*by hand"):
        store.facts({"name": name})


def with_checksums(monkeypatch, root: Path, dataset: type, **lists) -> None:
    """Tell torchvision that the files below root are the right ones."""
    for attribute, names in lists.items():
        folder = root / dataset.base_folder
        entries = [[name, hashlib.md5((folder / name).read_bytes()).hexdigest()] for name in names]
        monkeypatch.setattr(dataset, attribute, entries)


def make_cifar10(root: Path, monkeypatch) -> Path:
    dataset = torchvision.datasets.CIFAR10
    folder = root / dataset.base_folder
    folder.mkdir(parents=True)
    train, test = [f"data_batch_{n}" for n in range(1, 6)], ["test_batch"]
    for name in train + test:
        batch = {"data": RANDOM.integers(0, 256, (20, 3072), np.uint8), "labels": [n % 10 for n in range(20)]}
        (folder / name).write_bytes(pickle.dumps(batch))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": [f"c{n}" for n in range(10)]}))
    md5 = hashlib.md5((folder / "batches.meta").read_bytes()).hexdigest()
    monkeypatch.setattr(dataset, "meta", {**dataset.meta, "md5": md5})
    with_checksums(monkeypatch, root, dataset, train_list=train, test_list=test)
    return root


def test_cifar10_is_read_through_torchvision(tmp_path, monkeypatch):
    opened = store.open_dataset({"name": "cifar10", "path": str(make_cifar10(tmp_path / "c", monkeypatch))})
    assert (len(opened.train), len(opened.validation), len(opened.test)) == (90, 10, 20)
    assert opened.classes == tuple(f"c{n}" for n in range(10)) and opened.train.inputs.shape[1:] == (32, 32, 3)


def test_a_damaged_cifar10_file_is_named_and_sound_ones_are_not(tmp_path, monkeypatch):
    root = make_cifar10(tmp_path / "c", monkeypatch)
    (root / "cifar-10-batches-py" / "data_batch_3").write_bytes(b"spoilt")
    with pytest.raises(BadData, match="data_batch_3") as raised:
        store.facts({"name": "cifar10", "path": str(root)})
    assert "data_batch_2" not in str(raised.value)


def test_stl10_trains_with_or_without_its_unlabelled_images(tmp_path, monkeypatch):
    dataset = torchvision.datasets.STL10
    folder = tmp_path / dataset.base_folder
    folder.mkdir()
    for part, count in (("train", 20), ("test", 10), ("unlabeled", 50)):
        (folder / f"{part}_X.bin").write_bytes(RANDOM.integers(0, 256, (count, 3, 96, 96), np.uint8).tobytes())
        (folder / f"{part}_y.bin").write_bytes((np.arange(count, dtype=np.uint8) % 10 + 1).tobytes())
    (folder / "class_names.txt").write_text("\n".join("abcdefghij"))
    lists = {"train_list": ["train_X.bin", "train_y.bin", "unlabeled_X.bin"], "test_list": ["test_X.bin", "test_y.bin"]}
    with_checksums(monkeypatch, tmp_path, dataset, **lists)
    labelled = store.facts({"name": "stl10", "path": str(tmp_path)})
    assert (labelled.train_size, labelled.validation_size) == (18, 2) and labelled.classes == tuple("abcdefghij")
    everything = store.open_dataset({"name": "stl10", "path": str(tmp_path), "unlabelled": True})
    assert store.facts({"name": "stl10", "path": str(tmp_path), "unlabelled": True}).labelled == 20 / 70
    assert len(everything.train) == 63 and -1 in everything.train.labels and -1 not in everything.test.labels


def test_svhn_is_read_through_torchvision(tmp_path, monkeypatch):
    import scipy.io

    entries = {}
    for part, count in (("train", 20), ("test", 10)):
        path = tmp_path / f"{part}_32x32.mat"
        pixels = RANDOM.integers(0, 256, (32, 32, 3, count), np.uint8)
        scipy.io.savemat(path, {"X": pixels, "y": np.arange(count, dtype=np.uint8)[:, None] % 10 + 1})
        entries[part] = ["", path.name, hashlib.md5(path.read_bytes()).hexdigest()]
    monkeypatch.setattr(torchvision.datasets.SVHN, "split_list", entries)
    opened = store.open_dataset({"name": "svhn", "path": str(tmp_path)})
    assert opened.test.inputs.shape == (10, 32, 32, 3) and set(opened.test.labels) == set(range(10))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_real_idx_folders_are_read_where_they_cannot_be_written(shared_data, name):
    facts = store.facts({"name": name, "path": str(shared_data / name)})
    assert (facts.train_size, facts.validation_size, facts.test_size) == (54000, 6000, 10000)


def test_an_idx_file_is_unpacked_to_what_its_header_says_and_no_further(tmp_path):
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x01\0\0\0\x09" + b"\0" * 10**7))
    with pytest.raises(ValueError, match=r"more bytes of data; its header \(9,\) says 9"):
        read_array(path)
    path.write_bytes(gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12))
    with pytest.raises(ValueError, match="bytes; at most 2,147,483,648 are read"):
        read_array(path)


def test_a_data_set_is_found_in_a_folder_of_its_name(tmp_path, monkeypatch):
    make_mnist(tmp_path / "mnist", True)
    monkeypatch.setenv("PROBELINE_DATA", str(tmp_path))
    assert store.facts({"name": "mnist"}).train_size == 36
    assert store.facts({"name": "mnist", "path": str(tmp_path)}) == store.facts({"name": "mnist"})
