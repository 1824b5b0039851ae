"""Every protocol found in the catalogue keeps the contract of `evaluation/base.py`, a new file included."""

from dataclasses import replace
from functools import cache

import pytest
import torch
from helpers.subjects import SMALL, dataset, judged, protocol, trained, values
from probeline.core.events import Artifact, Record
from probeline.core.metric import described
from probeline.errors import NotApplicable
from probeline.evaluation.base import HeldOutLabels
from probeline.plugins import catalog

OPENED = "test labels opened"
NAMES = catalog.names("protocols")
SITUATIONS = {
    "a method without views or projector": lambda: trained("rotation"),
    "no training and no parameters": lambda: trained("random_init", encoder="raw_pixels"),
    "no labels": lambda: trained(data=dataset(classes=())),
    "one class": lambda: trained(data=dataset(classes=("ant",))),
    "one channel": lambda: trained(data=dataset(channels=1)),
    "fewer samples than neighbours": lambda: trained(data=dataset(6, 3, 3)),
    "one test sample": lambda: trained(data=dataset(6, 3, 1)),
    "a likelihood": lambda: trained("vae"),
    "codes and a prior": lambda: trained("vqvae_prior"),
}


class Watched(HeldOutLabels):
    """A real sealed part that also notes when it was opened."""

    def __init__(self, sealed, log):
        super().__init__(sealed.h, sealed.reveal, sealed.z)
        self.log = log

    def reveal(self, name=None):
        self.log.append(OPENED)
        return super().reveal(name)


def watched(given):
    """The evidence, and a log of images looked at and labels opened."""
    log = []
    subject = replace(given.subject, heartbeat=lambda: log.append("images"))
    return replace(given, test=Watched(given.test, log), subject=subject), log


@cache
def situation(name):
    return SITUATIONS[name]()


@pytest.mark.parametrize("name", NAMES)
def test_the_test_labels_are_opened_at_most_once_and_nothing_is_looked_at_after(name, tmp_path):
    given, log = watched(judged())
    judge = protocol(name, **SMALL.get(name, {}))
    for item in _until_refused(judge.evaluate(given, tmp_path)):
        ending = item.name.rpartition("/")[2]
        if item.name in ("top1", "ece"):
            assert OPENED in log, f"{name} said {item.name} without reading the test labels"
        if ending.startswith("validation") or ending in type(judge.config).model_fields:
            assert OPENED not in log, f"{name} had read the test labels when it chose {item.name}"
    assert log.count(OPENED) <= 1
    assert OPENED not in log or log[-1] == OPENED, f"{name} looked at images after it had read the test labels"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_others_look_at_changes_and_the_same_seed_gives_the_same_numbers(name, tmp_path):
    held, results = trained(), []
    given = held.evaluation_data()
    before = [tensor.clone() for tensor in _shared(given)]
    for folder in ("a", "b"):
        torch.manual_seed(len(results))
        judge = protocol(name, **SMALL.get(name, {}))
        events = values(_until_refused(judge.evaluate(held.evaluation_data(), tmp_path / folder)))
        results.append({key: value for key, value in events.items() if not key.endswith("/seconds")})  # a clock's
    assert results[0] == results[1]
    assert all(torch.equal(now, then) for now, then in zip(_shared(given), before, strict=True))
    assert not given.subject.method.training
    assert not any(parameter.requires_grad for parameter in given.subject.method.parameters())


@pytest.mark.parametrize("case", SITUATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_it_gives_numbers_or_files_or_says_why_not(name, case, tmp_path):
    given, events = watched(situation(case).evaluation_data())[0], []
    try:
        events.extend(protocol(name, **SMALL.get(name, {})).evaluate(given, tmp_path))
        assert events, f"{name} says nothing, and not why"
    except NotApplicable as reason:
        assert len(str(reason)) > 20
    assert all(isinstance(item, Record) or (isinstance(item, Artifact) and item.path.is_file()) for item in events)
    names = [item.name for item in events]
    assert len(set(names)) == len(names)
    undeclared = [item.name for item in events if isinstance(item, Record) and not _declared(name, item.name)]
    assert not undeclared, f"METRICS of {name} lacks {undeclared}"


def test_test_labels_cannot_be_read_twice():
    sealed = judged(data=dataset(6, 3, 3)).test
    sealed.reveal()
    with pytest.raises(RuntimeError, match="read already"):
        sealed.reveal()


def _declared(protocol_name, tail):
    return described(catalog.metrics("protocols", protocol_name), tail, tail) is not None


def _shared(given):
    """All that the protocols of a trial share: representations, labels, the method."""
    seen = [
        *given.train.spaces().values(),
        *given.validation.spaces().values(),
        *given.test.spaces().values(),
    ]
    return [*seen, given.train.labels, given.validation.labels, *given.subject.method.state_dict().values()]


def _until_refused(events):
    try:
        yield from events
    except NotApplicable:
        return
