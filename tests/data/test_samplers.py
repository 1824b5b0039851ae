import numpy as np
import pytest
import torch
from probeline.core.lists import PairList
from probeline.data.samplers import LengthBuckets, Pairs, PerClass, Samples, Windows, by_length
from probeline.errors import BadData

LABELS = np.repeat(np.arange(5), [8, 8, 8, 2, 1])


def test_an_epoch_has_every_sample_once_and_the_next_one_another_order():
    first, second = (Samples(20).plan(3, epoch, 4).rows for epoch in (0, 1))
    assert sorted(first[0].tolist()) == list(range(20)) and not first.equal(second)
    assert first.equal(Samples(20).plan(3, 0, 8).rows), "the batch size does not change the order"


def test_a_batch_per_class_has_its_classes_with_as_many_samples_each():
    rows = PerClass(LABELS, 4).plan(0, 0, 12).rows[0].reshape(-1, 3, 4)
    classes = torch.from_numpy(LABELS)[rows]
    assert len(rows) == len(LABELS) // 12
    assert (classes == classes[..., :1]).all(), "four samples of one class stand together"
    assert all(len(batch.unique()) == 3 for batch in classes)


def test_a_class_with_too_few_samples_repeats_them_and_samples_without_label_are_never_drawn():
    labels = np.array([0, 0, 0, 1, -1, -1])
    rows = torch.cat([PerClass(labels, 3).plan(0, epoch, 6).rows[0] for epoch in range(4)])
    assert set(rows.tolist()) == {0, 1, 2, 3}


def test_more_classes_than_there_are_is_refused_with_the_batch_sizes_that_work():
    with pytest.raises(
        BadData, match=r"has 6 classes; the training split has 5: choose .* that is a multiple of 4, up to 20"
    ):
        PerClass(LABELS, 4).plan(0, 0, 24)
    with pytest.raises(BadData, match=r"has 2\.5 classes"):
        PerClass(LABELS, 4).plan(0, 0, 10)


def test_a_repeated_sample_has_another_number_for_its_random_draws():
    sampler = PerClass(np.array([0, 0, 0, 1]), 3)
    plan = sampler.plan(0, 0, 3)
    assert sampler.numbers == 12
    for epoch in range(8):
        plan = sampler.plan(0, epoch, 3)
        assert len(plan.index.unique()) == 3 and plan.rows.equal(plan.index % 4)


def test_every_listed_pair_comes_once_with_its_answer():
    pairs = PairList(np.arange(6), np.arange(6)[::-1].copy(), np.arange(6) % 2 == 0)
    plan = Pairs(pairs, 6).plan(1, 0, 2)
    assert plan.rows.shape == (2, 6) and plan.rows.sum(0).eq(5).all()
    assert plan.same.equal(plan.rows[0] % 2 == 0)


def test_windows_of_an_epoch_do_not_overlap_and_start_elsewhere_in_the_next():
    windows = Windows(np.array([50, 3, 47]), 10)
    starts = [windows.plan(0, epoch, 2).starts.sort().values for epoch in range(6)]
    assert all((each.diff() == 10).all() and each[0] >= 0 and each[-1] + 10 <= 100 for each in starts)
    assert len({int(each[0]) for each in starts}) > 1


def test_short_samples_come_first_where_little_is_to_be_padded():
    assert by_length(np.array([5, 1, 3])).plan(0, 0, 2).rows.tolist() == [[1, 2, 0]]


def test_batches_of_one_length_have_every_sample_once_in_an_order_of_their_own_each_epoch():
    lengths = np.random.default_rng(0).integers(1, 400, 2003)
    buckets = LengthBuckets(lengths)
    first, again, second = (buckets.plan(3, epoch, 8).rows[0] for epoch in (0, 0, 1))
    assert sorted(first.tolist()) == list(range(2003)) and first.equal(again) and not first.equal(second)
    assert buckets.steps(8) == 250

    def padding(rows):
        batches = lengths[rows[:2000].numpy()].reshape(250, 8)
        return 1 - batches.sum() / (8 * batches.max(1).sum())

    random = Samples(2003).plan(3, 0, 8).rows[0]
    assert padding(first) < 0.03 < 0.4 < padding(random)
    means = lengths[first[:2000].numpy()].reshape(250, 8).mean(1)
    assert abs(np.corrcoef(means, np.arange(250))[0, 1]) < 0.3, "short and long batches come in random order"
    assert buckets.plan(0, 0, 5000).rows.shape == (1, 2003), "fewer samples than a batch has"
