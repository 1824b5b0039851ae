"""The loop with pairs, windows, closed forms and what is prepared between epochs, on real ragged samples."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.datasets import dataset_of
from probeline.core.batch import Outputs, Views
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.encoder import Encoded, Encoder
from probeline.core.lists import PairList
from probeline.core.method import Method
from probeline.core.settings import Settings
from probeline.data.samplers import Pairs, Windows
from probeline.errors import BadData, NotApplicable
from probeline.evaluation._probe_settings import JudgedBy
from probeline.experiment.schema import Training
from probeline.models.time_pooling import pooled
from probeline.training.checkpoints import NoCheckpoint
from probeline.training.embeddings import evaluation_data
from probeline.training.loop import Loop
from torch import nn

LENGTHS = [7, 3, 12, 5, 9, 4, 8, 6]
CPU = torch.device("cpu")


def pens(seed: int) -> Split:
    random = np.random.default_rng(seed)
    rows = np.arange(len(LENGTHS))
    pairs = PairList(rows, np.roll(rows, 1), rows % 2 == 0)
    inputs = Ragged.of([random.normal(size=(n, 3)).astype(np.float32) for n in LENGTHS])
    return Split(inputs, rows % 2, {"writer": rows // 4}, {}, {"pairs": pairs})


DATA = dataset_of(pens(0), pens(1), pens(2), ("a", "b"), label_names={"class": ("a", "b"), "writer": ("x", "y")})


class Pen(Encoder):
    dim, frame_rate = 4, 1.0

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)

    def forward(self, x, lengths=None):
        values = self.linear(x).tanh()
        return Encoded(pooled(values, lengths), values, lengths, (x, values))


class Distance(Method[Settings]):
    """Pulls pairs together; remembers what its samplers and hooks were given."""

    def __init__(self, encoder):
        super().__init__(Settings(), encoder, DATA.info)
        self.prepared = []

    def sampler(self, split):
        return Pairs(split.lists["pairs"], len(split))

    def prepare(self, epoch, embed):
        self.prepared.append((epoch, embed(None).values.shape, embed(0).values.shape))

    def views(self, batch, rng):
        assert len(rng) == len(batch.index) == 2 * len(batch)
        noise = 0.01 * rng.uniform(3)[:, None]
        return Views(batch.inputs + noise, batch.same, batch.index, batch.lengths)

    def forward(self, views):
        h = self.encoder(views.inputs, views.lengths).h
        return Outputs(h, h)

    def loss(self, outputs, views):
        a, b = outputs.z.chunk(2)
        squares = (a - b).square().sum(1)
        return {"loss": torch.where(views.targets, squares, (1 - squares).clamp_min(0)).mean()}


def trained(kind=Distance, **settings):
    torch.manual_seed(0)
    method = kind(Pen())
    training = Training(batch_size=4, epochs=2, precision="fp32", **settings)
    loop = Loop(method, DATA, training, 0, CPU)
    return method, loop, list(loop.run(NoCheckpoint()))


def test_pairs_train_and_their_epoch_is_what_the_sampler_says():
    _, loop, records = trained()
    losses = [record.value for record in records if record.name == "train/loss"]
    assert loop.steps == 2 and len(losses) == 2 and loop.progress.samples == 32


def test_micro_batches_of_whole_pairs_give_the_gradient_of_all_at_once():
    (whole, *_), (cut, *_) = trained(), trained(micro_batch=2)
    for name, weight in whole.named_parameters():
        torch.testing.assert_close(dict(cut.named_parameters())[name], weight)


def test_before_each_epoch_the_method_sees_its_training_split_by_frames_and_layers():
    method, *_ = trained()
    frames = sum(LENGTHS)
    assert method.prepared == [(epoch, (frames, 4), (frames, 3)) for epoch in (0, 1)]


def test_windows_over_all_samples_are_drawn_by_their_own_numbers():
    class Windowed(Distance):
        window = 6

        def sampler(self, split):
            return Windows(split.inputs.lengths, 6)

        def views(self, batch, rng):
            assert batch.lengths is None and batch.inputs.shape == (4, 6, 3) and len(rng) == 4
            return Views(torch.cat([batch.inputs, batch.inputs]), batch.labels < 0)

    _, loop, _ = trained(Windowed)
    assert loop.steps == 2 and loop.sampler.numbers == 8


def test_a_batch_that_the_sampler_cannot_fill_is_refused():
    few = replace(DATA, train=replace(DATA.train, lists={"pairs": pens(0).lists["pairs"].renumbered(np.full(8, -1))}))
    with pytest.raises(BadData, match="batch_size 4: the training split does not fill one such batch"):
        Loop(Distance(Pen()), few, Training(batch_size=4, epochs=1), 0, CPU)


def test_a_protocol_gets_pairs_layers_and_further_labels_and_each_answer_once():
    method, *_ = trained()
    data = evaluation_data(method, DATA, CPU, 0)
    name, pairs = data.pairs("test")
    assert name == "pairs" and pairs.same is None and pairs.groups is None
    assert np.array_equal(data.test.reveal(name).same, DATA.test.lists["pairs"].same)
    with pytest.raises(RuntimeError, match="read already"):
        data.test.reveal(name)
    by_writer = data.of(JudgedBy(label="writer", layer=0))
    assert by_writer.classes == ("x", "y") and by_writer.train.labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    torch.testing.assert_close(
        by_writer.test.h, torch.stack([torch.from_numpy(DATA.test.inputs.row(n)).mean(0) for n in range(8)])
    )
    for pool, frame in (("first", 0), ("last", -1)):
        one = data.of(JudgedBy(layer=0, pool=pool))
        torch.testing.assert_close(
            one.test.h, torch.stack([torch.from_numpy(DATA.test.inputs.row(n))[frame] for n in range(8)])
        )
    assert by_writer.test.reveal().tolist() == DATA.test.label("writer").tolist()
    assert data.test.reveal().tolist() == DATA.test.labels.tolist()


def test_what_the_data_or_the_encoder_lack_is_not_applicable():
    method, *_ = trained()
    data = evaluation_data(method, DATA, CPU, 0)
    with pytest.raises(NotApplicable, match="label 'phone': the data have class, writer"):
        data.of(JudgedBy(label="phone"))
    with pytest.raises(NotApplicable, match="layer 2: the encoder gives 2 layers"):
        data.of(JudgedBy(layer=2))
    with pytest.raises(NotApplicable, match="no episodes : it has none"):
        data.episodes("test")
    with pytest.raises(NotApplicable, match="the data have no 'phone'"):
        data.test.reveal("phone")


class Spread(Distance):
    """Samples by themselves, in the loop's own order."""

    def sampler(self, split):
        return None

    def views(self, batch, rng):
        return Views(batch.inputs, None, batch.index, batch.lengths)

    def loss(self, outputs, views):
        return {"loss": -outputs.z.var(0).mean()}


def test_length_buckets_pad_less_of_the_same_samples():
    (_, random, _), (_, alike, _) = trained(Spread), trained(Spread, length_buckets=True)
    assert random.progress.values == alike.progress.values == 2 * sum(LENGTHS)
    assert alike.progress.places == 2 * 4 * (6 + 12) < random.progress.places
