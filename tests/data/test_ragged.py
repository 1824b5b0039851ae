"""Samples of different lengths from a data set's `read` to batches, representations and answers."""

import numpy as np
import pytest
import torch
from helpers.datasets import dataset_of
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.encoder import Encoded, Encoder
from probeline.core.lists import EpisodeList, PairList, Segments
from probeline.data import cache
from probeline.data.loader import batches
from probeline.data.memo import memo_of
from probeline.data.read_report import ReadSplits
from probeline.data.samplers import Pairs, PerClass, Windows
from probeline.errors import BadData
from probeline.evaluation._encoding import frames, represent
from probeline.models.time_pooling import pooled

CPU = torch.device("cpu")
LENGTHS = [7, 3, 12, 5, 9, 4, 8, 6]


def waves(lengths=LENGTHS, seed=0) -> Split:
    random = np.random.default_rng(seed)
    samples = [random.integers(-9000, 9000, n).astype(np.int16) for n in lengths]
    rows = np.arange(len(lengths))
    return Split(
        Ragged.of(samples),
        rows % 2,
        {"speaker": rows // 2},
        {"phone": Segments(rows, np.zeros_like(rows), np.array(lengths), rows % 3)},
        {
            "pairs": PairList(rows[:-1], rows[1:], rows[1:] % 2 == 0, rows[1:]),
            "trials": EpisodeList(rows[None, :4].reshape(1, 4, 1), rows[4:5], np.array([1])),
        },
    )


class Frames(Encoder):
    """Frames of two values each; h is their mean, so it does not depend on padding."""

    dim, frame_rate = 2, 1.0

    def forward(self, x, lengths=None):
        values = torch.stack([x, x.square()], dim=-1)
        return Encoded(pooled(values, lengths), values, lengths, (values, 2 * values))


def stored(split=None, **known) -> dict[str, Split]:
    read = ReadSplits({"train": split or waves(), "test": waves(LENGTHS[:6], 1)}, ("a", "b"), rate=8000, **known)
    return cache.load(memo_of("waves", read)["digest"])


def test_the_cache_gives_back_every_sample_with_all_that_is_known_of_it():
    given, opened = waves(), stored()["train"]
    where = {given.inputs.row(n).tobytes(): n for n in range(len(given))}
    rows = np.array([where[opened.inputs.row(n).tobytes()] for n in range(len(opened))])
    assert isinstance(opened.inputs.values, np.memmap) and sorted(rows) == list(range(8))
    assert np.array_equal(opened.labels, given.labels[rows])
    assert np.array_equal(opened.label("speaker"), given.label("speaker")[rows])
    phones, pairs, trials = opened.segments["phone"], opened.lists["pairs"], opened.lists["trials"]
    assert np.array_equal(rows[phones.rows] % 3, phones.labels)
    assert np.array_equal(phones.stops, opened.inputs.lengths[phones.rows])
    assert np.array_equal(rows[pairs.second], pairs.groups) and np.array_equal(pairs.same, pairs.groups % 2 == 0)
    assert rows[trials.support].ravel().tolist() == [0, 1, 2, 3] and rows[trials.query].tolist() == [4]


def test_the_digest_covers_lengths_labels_segments_and_lists():
    base = waves()
    changed = [
        waves([3, 7, *LENGTHS[2:]]),
        Split(base.inputs, base.labels, {"speaker": base.label("speaker")[::-1].copy()}, base.segments, base.lists),
        Split(base.inputs, base.labels, base.extra_labels, {}, base.lists),
        Split(base.inputs, base.labels, base.extra_labels, base.segments, {}),
    ]
    digests = {cache.write({"train": each, "test": each}) for each in [base, *changed]}
    assert len(digests) == 5


def test_a_prefix_of_a_split_keeps_the_pairs_and_segments_within_it():
    few = waves()[:3]
    assert len(few.segments["phone"]) == 3 and len(few.lists["pairs"]) == 2 and len(few.lists["trials"]) == 0


def test_a_batch_is_padded_with_zeros_to_its_longest_sample():
    split = waves()
    for batch in batches(split, 3, seed=0, epoch=0, device="cpu", drop_last=False):
        lengths = split.inputs.lengths[batch.index.numpy()]
        assert batch.lengths.tolist() == lengths.tolist() and batch.inputs.shape[1] == lengths.max()
        for row, number in enumerate(batch.index.tolist()):
            sample = torch.from_numpy(split.inputs.row(number) / np.float32(32768))
            assert batch.inputs[row, : len(sample)].equal(sample) and not batch.inputs[row, len(sample) :].any()


def test_parts_of_a_batch_for_several_workers_are_padded_alike():
    whole = next(batches(waves(), 8, seed=0, epoch=0, device="cpu"))
    part = next(batches(waves(), 8, seed=0, epoch=0, device="cpu", rows=slice(2, 4)))
    assert part.inputs.equal(whole.inputs[2:4]) and part.index.equal(whole.index[2:4])


def test_a_window_starts_where_seed_epoch_and_sample_say():
    split = waves()
    one, same, other = (
        {
            int(i): x
            for b in batches(split, size, seed=0, epoch=epoch, device="cpu", window=4)
            for i, x in zip(b.index, b.inputs, strict=True)
        }
        for size, epoch in ((8, 0), (2, 0), (8, 1))
    )
    assert all(one[row].equal(same[row]) for row in one) and not all(one[row].equal(other[row]) for row in one)
    for row, window in one.items():
        sample = torch.from_numpy(split.inputs.row(row) / np.float32(32768))
        places = [at for at in range(max(1, len(sample) - 3)) if sample[at : at + 4].equal(window[: len(sample)])]
        assert places, "the window is a stretch of its sample"


def test_windows_longer_than_all_samples_of_a_batch_are_as_long_as_these():
    whole = next(batches(waves(), 8, seed=0, epoch=0, device="cpu"))
    window = next(batches(waves(), 8, seed=0, epoch=0, device="cpu", window=500))
    assert window.inputs.equal(whole.inputs)


def test_windows_over_all_samples_are_stretches_of_the_whole_column():
    split = waves()
    (batch,) = batches(split, 4, seed=0, epoch=0, device="cpu", sampler=Windows(split.inputs.lengths, 10), window=10)
    values = torch.from_numpy(split.inputs.values / np.float32(32768))
    assert batch.lengths is None and (batch.labels == -1).all()
    assert all(any(values[at : at + 10].equal(row) for at in range(45)) for row in batch.inputs)


def test_pairs_come_role_by_role_and_some_rows_are_whole_pairs():
    split = waves()
    batch = next(batches(split, 4, seed=0, epoch=0, device="cpu", sampler=Pairs(split.lists["pairs"], len(split))))
    first, second = batch.index.chunk(2)
    assert len(batch) == 4 and batch.roles == 2 and (second - first == 1).all() and batch.same.equal(second % 2 == 0)
    half = batch[1:3]
    assert half.index.tolist() == [*first[1:3].tolist(), *second[1:3].tolist()] and half.same.equal(batch.same[1:3])


def test_batches_have_the_label_that_is_asked_for():
    split = waves()
    batch = next(
        batches(split, 4, seed=0, epoch=0, device="cpu", label="speaker", sampler=PerClass(split.label("speaker"), 2))
    )
    assert batch.labels.equal(torch.from_numpy(split.label("speaker"))[batch.index])


def test_representations_do_not_depend_on_what_a_sample_is_padded_with():
    split = waves()
    h, labels = represent(Frames(), split, CPU)
    alone = torch.cat([Frames()(torch.from_numpy(split.inputs.row(n) / np.float32(32768))[None]).h for n in range(8)])
    torch.testing.assert_close(h, alone)
    assert labels.tolist() == split.labels.tolist()


def test_frames_are_those_of_every_sample_in_order_without_padding():
    split = waves()
    every, doubled = frames(Frames(), split, CPU), frames(Frames(), split, CPU, 1)
    assert every.offsets.diff().tolist() == LENGTHS and every.rate == 1.0
    torch.testing.assert_close(every[2][:, 0], torch.from_numpy(split.inputs.row(2) / np.float32(32768)))
    assert doubled.values.equal(2 * every.values)


def test_values_that_are_not_finite_are_refused_with_the_sample():
    pens = [np.zeros((4, 2), np.float32), np.array([[1.0, np.nan]], np.float32)]
    split = Split(Ragged.of(pens), np.arange(2))
    with pytest.raises(BadData, match="pens, train split: 1 values are not finite, first in sample 1"):
        memo_of("pens", ReadSplits({"train": split, "test": split}, None))


def test_information_says_kind_lengths_and_names():
    known = dataset_of(
        waves(), waves(), waves(), ("a", "b"), label_names={"word": ("a", "b"), "speaker": ("x",) * 4}
    ).info
    assert known.sample.modality == "waveform" and known.sample.shape == (None,) and known.sample.longest == 12
    assert (
        known.extra("word") is None and known.extra("speaker") == "speaker" and known.classes_of("word") == ("a", "b")
    )
