"""Every protocol found in the catalogue keeps the contract; the two of this issue also have known answers."""

import pytest
import torch
from probeline import catalog
from probeline.evaluation.base import Evidence, Protocol, Represented, Sealed
from probeline.failures import BadData
from probeline.records import Artifact, Record


def protocol(name, **settings):
    return catalog.plugin_class("protocols", name, Protocol)(catalog.config("protocols", name)(**settings))


def blobs(n=40, dim=4, classes=3, spread=0.3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % classes
    centres = 3 * torch.eye(classes, dim)
    return centres[labels] + spread * torch.randn(n, dim, generator=generator), labels


class Watched(Sealed):
    """A real sealed part that also notes when it was opened."""

    def __init__(self, h, labels, log):
        super().__init__(h, labels)
        self.log = log

    def open(self):
        self.log.append("test labels opened")
        return super().open()


def evidence(log=None, **options):
    parts = [blobs(seed=seed, **options) for seed in range(3)]
    test = Watched(*parts[2], log if log is not None else [])
    return Evidence(Represented(*parts[0]), Represented(*parts[1]), test, ("ant", "bee", "cow"))


@pytest.mark.parametrize("name", catalog.names("protocols"))
def test_no_test_label_is_read_before_the_last_step_and_then_once(name, tmp_path):
    log = []
    said = []
    for item in protocol(name).evaluate(evidence(log), tmp_path):
        said.append(item)
        if isinstance(item, Record) and item.name == "top1":
            break
        assert log == [], f"{name} said {item.name} after reading the test labels, before its result"
    assert log == ["test labels opened"]


@pytest.mark.parametrize("name", catalog.names("protocols"))
def test_separable_classes_are_told_apart_and_twice_alike(name, tmp_path):
    said = list(protocol(name).evaluate(evidence(), tmp_path / "a"))
    again = list(protocol(name).evaluate(evidence(), tmp_path / "b"))
    records = {item.name: item.value for item in said if isinstance(item, Record)}
    assert records["top1"] == 1.0
    assert {records[f"top1/{name}"] for name in ("ant", "bee", "cow")} == {1.0}
    assert records == {item.name: item.value for item in again if isinstance(item, Record)}
    assert [item.path.name for item in said if isinstance(item, Artifact)] == ["confusion.csv"]


@pytest.mark.parametrize("name", catalog.names("protocols"))
def test_without_labels_a_probe_says_that_it_cannot(name, tmp_path):
    h, labels = blobs()
    nameless = Represented(h, torch.full_like(labels, -1))
    with pytest.raises(BadData, match="needs labels"):
        list(protocol(name).evaluate(Evidence(nameless, nameless, Sealed(h, labels), ()), tmp_path))


def test_test_labels_cannot_be_read_twice():
    sealed = Sealed(*blobs())
    sealed.open()
    with pytest.raises(RuntimeError, match="read already"):
        sealed.open()


def test_the_linear_probe_takes_the_penalty_that_validates_best(tmp_path):
    known = evidence(spread=2.0, n=60, dim=40)
    records = {
        item.name: item.value
        for item in protocol("linear_probe", l2=(1e-6, 10.0)).evaluate(known, tmp_path)
        if isinstance(item, Record)
    }
    alone = {}
    for l2 in (1e-6, 10.0):
        for item in protocol("linear_probe", l2=(l2,)).evaluate(evidence(spread=2.0, n=60, dim=40), tmp_path):
            if isinstance(item, Record) and item.name == "validation_top1":
                alone[l2] = item.value
    assert records["validation_top1"] == max(alone.values())
    assert records["l2"] == max(l2 for l2 in alone if alone[l2] == max(alone.values()))


def test_knn_weighs_votes_by_similarity(tmp_path):
    """One near neighbour outvotes two far ones at a low temperature, and loses at a high one."""
    h = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    train = Represented(h, torch.tensor([0, 1, 1]))
    query = torch.tensor([[1.0, 0.9]])
    top1 = {}
    for temperature in (0.05, 100.0):
        known = Evidence(train, train, Sealed(query, torch.tensor([0])), ("near", "far"))
        said = protocol("knn", k=3, temperature=temperature).evaluate(known, tmp_path)
        top1[temperature] = next(item.value for item in said if isinstance(item, Record) and item.name == "top1")
    assert top1 == {0.05: 1.0, 100.0: 0.0}


def test_knn_says_how_many_neighbours_voted(tmp_path):
    said = protocol("knn", k=1000).evaluate(evidence(), tmp_path)
    assert next(item.value for item in said if isinstance(item, Record) and item.name == "k") == 40
