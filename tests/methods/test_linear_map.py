"""Classical metric learners as methods: all of them by one contract, and what they say of data they cannot take."""

import numpy as np
import pytest
import torch
from helpers.linear_maps import DIM, INFO, SAMPLE, fitted, learner, separation, vectors
from probeline.core.dataset import Split
from probeline.core.lists import PairList
from probeline.core.sample_spec import SampleSpec
from probeline.errors import BadData
from probeline.methods import _linear_map
from probeline.methods.metric.mmc import MMC, Config
from probeline.models.build import build_encoder

BY_LABEL, BY_PAIR = ("lfda", "lmnn", "nca"), ("itml", "mmc", "rca")
LEARNERS = (*BY_LABEL, *BY_PAIR)


def links(*listed: tuple[int, int, int]) -> PairList:
    first, second, same = np.array(listed, np.int64).T
    return PairList(first, second, same.astype(bool))


@pytest.mark.parametrize("name", LEARNERS)
def test_classes_of_unseen_samples_are_further_apart_than_before(name):
    method = fitted(name, vectors(count=150))
    assert separation(method) > 1.3 * separation(None)
    assert method.closed_form and not method.trains and not any(p.requires_grad for p in method.parameters())


@pytest.mark.parametrize("name", LEARNERS)
def test_what_is_learned_is_in_the_encoder_and_survives_storage(name):
    method, again = fitted(name), learner(name, seed=9)
    again.load_state_dict(method.state_dict())
    x = torch.randn(4, DIM)
    assert torch.equal(method.encoder(x).h, again.encoder(x).h)
    assert method.encoder(x).h.shape == (4, method.encoder.dim)


@pytest.mark.parametrize("name", BY_PAIR)
def test_another_seed_draws_other_constraints_and_the_same_seed_the_same(name):
    maps = [fitted(name, seed=seed, constraints=40).encoder.map for seed in (1, 1, 2)]
    assert torch.equal(maps[0], maps[1]) and not torch.equal(maps[0], maps[2])


@pytest.mark.parametrize("name", BY_PAIR)
def test_constraints_are_taken_from_a_list_of_pairs(name):
    labels = vectors().labels
    rows = [(a, b, int(labels[a] == labels[b])) for a in range(20) for b in range(a)]
    unlabelled = Split(vectors().inputs, np.full(60, -1), lists={"links": links(*rows)})
    assert separation(fitted(name, unlabelled, pairs="links", constraints=150)) > 1.3 * separation(None)


@pytest.mark.parametrize("name", BY_PAIR)
def test_constraints_that_contradict_each_other_are_refused(name):
    split = vectors(pairs=links((0, 1, 1), (1, 2, 1), (0, 2, 0)))
    with pytest.raises(BadData, match=r"constraints contradict each other: sample [02] = sample 1 = sample [02]"):
        fitted(name, split, pairs="links", constraints=3)


def test_a_list_that_is_not_there_or_of_one_kind_is_refused():
    with pytest.raises(BadData, match="MMC: the training split has no list of pairs 'other'; it has links"):
        fitted("mmc", vectors(pairs=links((0, 1, 1))), pairs="other")
    with pytest.raises(BadData, match="MMC: must-link and cannot-link pairs are needed; 1 were of one kind"):
        fitted("mmc", vectors(pairs=links((0, 1, 1))), pairs="links", constraints=1)


@pytest.mark.parametrize("name", BY_LABEL)
def test_unlabelled_samples_are_left_out(name):
    split = vectors()
    labels = np.where(np.arange(60) < 30, split.labels, -1)
    assert separation(fitted(name, Split(split.inputs, labels))) > separation(None)


@pytest.mark.parametrize("name", BY_LABEL)
def test_one_class_or_too_many_samples_are_refused(name, monkeypatch):
    split = vectors()
    with pytest.raises(BadData, match=f"{name.upper()} needs training samples of two classes or more"):
        fitted(name, Split(split.inputs, np.zeros(60, np.int64)))
    monkeypatch.setattr(_linear_map, "MAX_SAMPLES", 50)
    with pytest.raises(BadData, match="60 are too many; set data"):
        fitted(name)


def test_a_class_of_one_sample_is_one_message():
    split = vectors()
    labels = np.where(np.arange(60) == 0, 2, np.arange(60) % 2)
    with pytest.raises(BadData, match="LMNN: a class has one sample"):
        fitted("lmnn", Split(split.inputs, labels))


def test_a_value_that_does_not_vary_is_one_message_of_the_diagonal_form():
    values = np.array(vectors().inputs)
    values[:, 4] = vectors().labels
    with pytest.raises(BadData, match="MMC: a feature does not vary within the must-link pairs"):
        fitted("mmc", Split(values, vectors().labels), form="diagonal")


def test_diagonal_weights_leave_out_what_says_nothing():
    weights = fitted("mmc", form="diagonal", constraints=0.3).encoder.map.diagonal().square()
    assert weights[:2].min() > 20 * weights[2:].max()


def test_a_large_h_is_refused():
    sample = SampleSpec("vector", "float32", (3000,))
    with pytest.raises(BadData, match="MMC: h has 3,000 values; at most 2,048 make a metric"):
        MMC(Config(), build_encoder({"name": "raw_values"}, sample), INFO)


@pytest.mark.parametrize(("name", "dim"), [("lfda", 2), ("nca", 3)])
def test_h_may_be_smaller(name, dim):
    method = fitted(name, dim=dim)
    assert method.encoder(torch.randn(2, DIM)).h.shape == (2, dim) and separation(method) > 1.3 * separation(None)
    assert learner(name, dim=50).encoder.dim == SAMPLE.size
