from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.subjects import dataset, judged
from probeline.core.dataset import Split
from probeline.errors import NotApplicable


@pytest.fixture(scope="module")
def given():
    return judged(data=dataset(300, 18, 24))


def test_an_encoder_to_train_is_a_copy_and_the_original_stays(given):
    before = [weight.clone() for weight in given.subject.method.encoder.parameters()]
    copy = given.subject.encoder()
    assert copy.training
    assert all(weight.requires_grad for weight in copy.parameters())
    copy(torch.rand(4, 3, 16, 16)).h.sum().backward()
    torch.optim.SGD(copy.parameters(), lr=1.0).step()
    assert all(map(torch.equal, given.subject.method.encoder.parameters(), before))


def test_test_batches_have_no_labels_and_others_do(given):
    labels = {
        part: torch.cat([batch.labels for batch in given.subject.batches(part, 10)]) for part in ("train", "test")
    }
    assert set(labels["test"].tolist()) == {-1}
    assert torch.equal(labels["train"], given.train.labels)
    assert set(given.subject.pairs("test", 5).labels.tolist()) == {-1}


def test_pairs_do_not_depend_on_what_was_asked_before():
    first, second = judged(), judged()
    whole = first.subject.pairs("train", 48)
    few = second.subject.pairs("train", 5)
    assert len(few) == 5
    assert all(torch.equal(a[:5], b) for a, b in zip(whole.columns(), few.columns(), strict=True))
    more = second.subject.pairs("train", 1000)
    assert all(torch.equal(a, b) for a, b in zip(whole.columns(), more.columns(), strict=True))


def test_the_two_views_of_a_pair_are_of_one_sample_and_drawn_apart(given):
    pairs = given.subject.pairs("train", 300)
    assert not torch.equal(pairs.ha, pairs.hb)
    assert torch.equal(pairs.labels, given.train.labels)
    near = torch.cdist(pairs.ha, pairs.hb)
    assert near.diagonal().mean() < near.mean()


def test_another_seed_draws_other_views():
    one, other = (judged(seed=seed).subject.pairs("train", 8) for seed in (0, 1))
    assert not torch.equal(one.ha, other.ha)


def test_a_method_without_two_views_has_no_pairs():
    with pytest.raises(NotApplicable, match="RandomInit does not make two views"):
        judged("random_init").subject.pairs("train", 4)


def test_fewer_training_rows_leave_the_other_parts(given):
    few = given.subject.with_train_rows(torch.tensor([4, 1]))
    batch = next(few.batches("train", 8))
    whole = next(given.subject.batches("train", 8))
    assert torch.equal(batch.inputs, whole.inputs[[4, 1]])
    assert torch.equal(batch.labels, whole.labels[[4, 1]])
    assert len(next(few.batches("test", 99))) == 24
    assert len(few.pairs("train", 99)) == 2


def test_every_batch_is_a_sign_of_life(given):
    signs = []
    subject = replace(given.subject, heartbeat=lambda: signs.append(1))
    assert len(list(subject.batches("train", 100))) == len(signs) == 3


def test_images_are_represented_as_the_parts_were(given):
    batch = next(given.subject.batches("validation", 18))
    h, z = given.subject.represent(batch.inputs)
    torch.testing.assert_close(h, given.validation.h)
    torch.testing.assert_close(z, given.validation.z)


def test_the_views_of_later_batches_are_drawn_for_their_own_samples():
    """300 times one image: the second batch of 256 does not repeat the draws of the first."""
    data = dataset(300, 18, 24)
    same = replace(data, train=Split(np.repeat(data.train.inputs[:1], 300, 0), data.train.labels))
    pairs = judged(data=same).subject.pairs("train", 300)
    assert not torch.allclose(pairs.ha[:44], pairs.ha[256:], rtol=1e-3)
