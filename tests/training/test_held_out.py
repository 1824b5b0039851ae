"""No way leads from what a protocol gets to the test labels, but the one reveal: every way there is is tried."""

import copy
import mmap
import pickle
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import numpy as np
import pytest
import torch
from helpers.subjects import DIGITS, dataset, method, protocol, trained
from probeline.data.store import open_dataset
from probeline.errors import NotApplicable
from probeline.evaluation import base
from probeline.experiment.components import resolve
from probeline.training.embeddings import representations
from probeline.training.held_out import without_files
from probeline.training.judge import data_components

HOME = resolve("datasets", {**DIGITS, "validation": 0.3}).value
OTHER = resolve("datasets", {**DIGITS, "test_size": 30}).value
PHOTOS = resolve("datasets", {"name": "photos", "train_size": 40, "test_size": 20}).value


LEAVES = (ModuleType, type, BuiltinFunctionType, int, float)


def parts(value):
    """What one step from an object leads to: attributes, slots, items, closures, what functions are bound to."""
    yield from vars(value).values() if hasattr(value, "__dict__") else ()
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            yield getattr(value, slot, None)
    if isinstance(value, dict):
        yield from (*value.keys(), *value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    yield from inner_parts(value)


def inner_parts(value):
    """What functions, cells, arrays and tensors hold on to."""
    if isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, MethodType):
        yield from (value.__self__, value.__func__)
    elif isinstance(value, FunctionType):
        yield from (value.__closure__ or ())
        yield from (value.__defaults__, value.__kwdefaults__)
    elif type(value).__name__ == "cell":
        yield value.cell_contents
    elif isinstance(value, np.ndarray):
        yield value.base
    elif isinstance(value, torch.Tensor):
        yield from (value._base, value.grad)


def reachable(start):
    """Every object that attributes lead to; code itself (modules, classes, built-in functions) is not followed."""
    queue, seen = [start], {}
    while queue:
        value = queue.pop()
        if (
            id(value) in seen
            or value is None
            or isinstance(value, ModuleType | type | BuiltinFunctionType | int | float)
        ):
            continue
        seen[id(value)] = value
        queue.extend(parts(value))
    return list(seen.values())


def home():
    """A trial's own data set from the store, whose files lie beside each other."""
    data = without_files(open_dataset(HOME))
    return data, representations(method("simclr", data), data, torch.device("cpu"), 0)


def arrays(results):
    return [np.asarray(one) for one in results if isinstance(one, np.ndarray | torch.Tensor)]


def test_no_attribute_of_anything_leads_to_the_labels():
    data, held = home()
    given = held.evaluation_data()
    list(given.subject.batches("test", 8)), given.subject.pairs("test", 20)
    labels = data.test.labels
    results = reachable(given)
    same = [one for one in arrays(results) if one.shape == labels.shape and np.array_equal(one, labels)]
    assert len(results) > 200 and not same
    assert np.array_equal(given.test.reveal().numpy(), labels), "the one reveal does give them"


def test_no_attribute_of_anything_leads_to_a_file_or_the_name_of_one():
    data, held = home()
    results = reachable(held.evaluation_data())
    assert not [one for one in results if isinstance(one, np.memmap | mmap.mmap | Path)]
    digest = open_dataset(HOME).digest
    assert not [one for one in results if isinstance(one, str) and (digest in one or ".npy" in one)]
    assert data.digest == digest


@pytest.mark.parametrize(
    "labels",
    {
        "its data set": lambda given: torch.from_numpy(given.subject.dataset.test.labels),
        "batches": lambda given: torch.cat([batch.labels for batch in given.subject.batches("test", 7)]),
        "shuffled batches": lambda given: torch.cat(
            [batch.labels for batch in given.subject.batches("test", 7, epoch=3, shuffle=True)]
        ),
        "pairs": lambda given: given.subject.pairs("test", 20).labels,
        "fewer training rows": lambda given: torch.cat(
            [one.labels for one in given.subject.with_train_rows(torch.arange(4)).batches("test", 7)]
        ),
        "a changed copy": lambda given: torch.from_numpy(replace(given.subject, seed=3).dataset.test.labels),
    }.values(),
)
def test_labels_that_come_with_test_images_are_none(labels):
    assert (labels(home()[1].evaluation_data()) == -1).all()


@pytest.mark.parametrize(
    "again",
    {
        "the same": lambda given: given.test,
        "a copy": lambda given: copy.copy(given.test),
        "a deep copy": lambda given: copy.deepcopy(given.test),
        "pickled": lambda given: pickle.loads(pickle.dumps(given.test)),
        "a deep copy of all": lambda given: copy.deepcopy(replace(given, subject=None)).test,
        "a new one of its parts": lambda given: type(given.test)(given.test.h, given.test._answers, given.test.z),
    }.values(),
)
def test_no_copy_reads_them_a_second_time(again):
    given = trained().evaluation_data()
    given.test.reveal()
    given.test.opened = False
    with pytest.raises((RuntimeError, LookupError)):
        again(given).reveal()


def test_a_copy_made_before_reads_nothing():
    given = trained().evaluation_data()
    before = copy.deepcopy(given.test)
    with pytest.raises(RuntimeError):
        before.reveal()
    assert len(given.test.reveal()) == len(given.test.h)


def test_what_is_done_to_revealed_labels_reaches_no_other_protocol():
    held = trained()
    held.evaluation_data().test.reveal().fill_(0)
    assert held.evaluation_data().test.reveal().unique().tolist() == [0, 1, 2]


@pytest.mark.parametrize("data", [HOME, OTHER])
def test_the_trials_own_data_as_another_data_set_give_no_second_look(data):
    given = home()[1].evaluation_data([data])
    given.test.reveal()
    with pytest.raises(RuntimeError, match="read already"):
        given.embed_dataset(data).test.reveal()
    given = home()[1].evaluation_data([data])
    given.embed_dataset(data).test.reveal()
    with pytest.raises(RuntimeError, match="read already"):
        given.test.reveal()


def test_another_data_set_is_read_once_and_only_where_the_settings_name_it():
    given = home()[1].evaluation_data([PHOTOS])
    there = given.embed_dataset(PHOTOS)
    assert len(there.test.reveal()) == 20
    for data in (given, there):
        with pytest.raises(RuntimeError, match="read already"):
            data.embed_dataset(PHOTOS).test.reveal()
    for other in (HOME, {**PHOTOS, "test_size": 10}):
        with pytest.raises(NotApplicable, match="settings name no such data set"):
            there.embed_dataset(other)
    assert len(given.test.reveal()) == 20


def test_nothing_of_another_data_set_leads_to_its_labels_either():
    there = home()[1].evaluation_data([PHOTOS]).embed_dataset(PHOTOS)
    labels = open_dataset(PHOTOS).test.labels
    results = reachable(there)
    assert not [one for one in arrays(results) if one.shape == labels.shape and np.array_equal(one, labels)]
    assert not [one for one in results if isinstance(one, np.memmap | mmap.mmap | Path)]


def test_a_trial_that_is_judged_on_validation_reads_no_test_label_anywhere(tmp_path):
    held = trained(data=dataset(), hidden=True)
    with pytest.raises(base.TestHidden):
        held.evaluation_data().test.reveal()
    with pytest.raises(base.TestHidden):
        held.evaluation_data([PHOTOS]).embed_dataset(PHOTOS).test.reveal()
    names = []
    with pytest.raises(base.TestHidden):
        for item in protocol("transfer", data=[DIGITS]).evaluate(held.evaluation_data(), tmp_path):
            names.append(item.name)
    assert names == ["digits/l2", "digits/validation_top1"]


def test_a_protocol_may_open_the_data_sets_of_its_settings_and_no_other():
    assert [one["name"] for one in data_components(protocol("transfer", data=[DIGITS]).config)] == ["digits"]
    assert data_components(protocol("knn").config) == []
