"""Every data set in the catalogue that needs no download keeps the contract of a data set; the others state theirs."""

import inspect

import numpy as np
import pytest
from probeline.core.dataset import Split
from probeline.data import store
from probeline.data.settings import DatasetSettings
from probeline.experiment.components import resolve
from probeline.plugins import catalog

NAMES = catalog.names("datasets")
EMBEDDED = {"digits": {}, "photos": {"train_crops": 4, "test_crops": 4}}
"""Data sets that a package ships, with settings that keep them small."""


def component(name: str) -> dict:
    resolved = resolve("datasets", {"name": name, **EMBEDDED[name]})
    assert resolved.value, resolved.complaints
    return resolved.value


@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_says_which_files_it_reads_and_reads_them_by_its_config(name: str) -> None:
    module = catalog.module("datasets", name)
    assert issubclass(catalog.config("datasets", name), DatasetSettings)
    for function in ("files", "read"):
        assert list(inspect.signature(getattr(module, function)).parameters) == ["config"]
    assert catalog.summary("datasets", name)


@pytest.mark.parametrize("name", EMBEDDED)
def test_what_is_opened_is_what_its_info_says(name: str) -> None:
    info, opened = store.facts(component(name)), store.open_dataset(component(name))
    splits: list[Split] = [opened.train, opened.validation, opened.test]
    assert [len(split) for split in splits] == [info.train_size, info.validation_size, info.test_size]
    assert info.digest == opened.digest and info.classes == opened.classes and info.labelled == 1
    for split in splits:
        assert split.inputs.shape[1:] == info.sample.shape and split.inputs.dtype == info.sample.dtype
        assert np.unique(split.labels).tolist() == list(range(len(info.classes)))


@pytest.mark.parametrize("name", EMBEDDED)
def test_another_reading_gives_the_same_content(name: str, tmp_path, monkeypatch) -> None:
    first = store.facts(component(name)).digest
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "another"))
    assert store.facts(component(name)).digest == first


@pytest.mark.parametrize("name", EMBEDDED)
def test_no_sample_is_in_two_splits(name: str) -> None:
    opened = store.open_dataset(component(name))
    content = [{row.tobytes() for row in split.inputs} for split in (opened.train, opened.validation, opened.test)]
    train, validation, test = content
    assert not train & validation and not train & test and not validation & test
