"""Every protocol found in the catalogue keeps the contract of `evaluation/base.py`, a new file included."""

from dataclasses import replace
from functools import cache

import pytest
import torch
from helpers.subjects import SMALL, dataset, judged, protocol, values
from probeline.core.events import Artifact, Record
from probeline.errors import NotApplicable
from probeline.evaluation.base import HeldOutLabels
from probeline.plugins import catalog

OPENED = "test labels opened"
NAMES = catalog.names("protocols")
SITUATIONS = {
    "a method without views or projector": lambda: judged("rotation"),
    "no training and no parameters": lambda: judged("random_init", encoder="raw_pixels"),
    "no labels": lambda: judged(data=dataset(classes=())),
    "one class": lambda: judged(data=dataset(classes=("ant",))),
    "one channel": lambda: judged(data=dataset(channels=1)),
    "fewer samples than neighbours": lambda: judged(data=dataset(6, 3, 3)),
    "one test sample": lambda: judged(data=dataset(6, 3, 1)),
}


class Watched(HeldOutLabels):
    """A real sealed part that also notes when it was opened."""

    def __init__(self, sealed, log):
        super().__init__(sealed.h, sealed._labels, sealed.z)
        self.log = log

    def reveal(self):
        self.log.append(OPENED)
        return super().reveal()


def watched(known):
    """The evidence, and a log of images looked at and labels opened."""
    log = []
    subject = replace(known.subject, heartbeat=lambda: log.append("images"))
    return replace(known, test=Watched(known.test, log), subject=subject), log


@cache
def situation(name):
    return SITUATIONS[name]()


@pytest.mark.parametrize("name", NAMES)
def test_the_test_labels_are_opened_at_most_once_and_nothing_is_looked_at_after(name, tmp_path):
    known, log = watched(judged())
    judge = protocol(name, **SMALL.get(name, {}))
    for item in _until_refused(judge.evaluate(known, tmp_path)):
        ending = item.name.rpartition("/")[2]
        if item.name in ("top1", "ece"):
            assert OPENED in log, f"{name} said {item.name} without reading the test labels"
        if ending.startswith("validation") or ending in type(judge.config).model_fields:
            assert OPENED not in log, f"{name} had read the test labels when it chose {item.name}"
    assert log.count(OPENED) <= 1
    assert OPENED not in log or log[-1] == OPENED, f"{name} looked at images after it had read the test labels"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_others_look_at_changes_and_the_same_seed_gives_the_same_numbers(name, tmp_path):
    known, found = judged(), []
    before = [tensor.clone() for tensor in _shared(known)]
    for folder in ("a", "b"):
        torch.manual_seed(len(found))
        again = replace(known, test=known.test.fresh())
        said = values(_until_refused(protocol(name, **SMALL.get(name, {})).evaluate(again, tmp_path / folder)))
        found.append({key: value for key, value in said.items() if not key.endswith("/seconds")})  # a clock's
    assert found[0] == found[1]
    assert all(torch.equal(now, then) for now, then in zip(_shared(known), before, strict=True))
    assert not known.subject.method.training
    assert not any(parameter.requires_grad for parameter in known.subject.method.parameters())


@pytest.mark.parametrize("case", SITUATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_it_gives_numbers_or_files_or_says_why_not(name, case, tmp_path):
    known, said = watched(situation(case))[0], []
    try:
        said.extend(protocol(name, **SMALL.get(name, {})).evaluate(known, tmp_path))
        assert said, f"{name} says nothing, and not why"
    except NotApplicable as reason:
        assert len(str(reason)) > 20
    assert all(isinstance(item, Record) or (isinstance(item, Artifact) and item.path.is_file()) for item in said)
    names = [item.name for item in said]
    assert len(set(names)) == len(names)


def test_test_labels_cannot_be_read_twice():
    sealed = judged(data=dataset(6, 3, 3)).test
    sealed.reveal()
    with pytest.raises(RuntimeError, match="read already"):
        sealed.reveal()


def _shared(known):
    """All that the protocols of a trial share: representations, labels, the method."""
    seen = [*known.train.spaces().values(), *known.validation.spaces().values(), *known.test.spaces().values()]
    return [*seen, known.train.labels, known.validation.labels, *known.subject.method.state_dict().values()]


def _until_refused(said):
    try:
        yield from said
    except NotApplicable:
        return
