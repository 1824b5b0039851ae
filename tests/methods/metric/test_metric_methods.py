"""Methods on pairs and on classes: their batches, their losses, and what does not fit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.subjects import dataset, method
from probeline.core.batch import Batch
from probeline.core.lists import PairList
from probeline.core.sample_rng import SampleRNG
from probeline.data.loader import batches
from probeline.errors import BadData, NotApplicable, UserError
from probeline.experiment.components import resolve
from probeline.losses import bce, contrastive, supcon, triplet, triplet_ranking


def batch_of(network, data, size=12, epoch=0) -> Batch:
    """The first batch of an epoch as the loop has it."""
    sampler = network.sampler(data.train)
    return next(
        iter(batches(data.train, size, seed=0, epoch=epoch, device="cpu", sampler=sampler, label=network.label))
    )


def step(network, batch):
    views = network.views(batch, SampleRNG(0, 0, batch.index))
    outputs = network(views)
    return outputs, views, network.loss(outputs, views)


def complaints(name, **settings):
    resolved = resolve("methods", {"name": name, **settings})
    return " | ".join(message for _, message in resolved.complaints)


def test_a_siamese_batch_has_pairs_and_the_loss_is_that_of_their_embeddings():
    data = dataset()
    network = method("siamese", data, loss={"name": "contrastive", "margin": 2.0})
    batch = batch_of(network, data)
    assert (len(batch), batch.roles, len(batch.inputs)) == (12, 2, 24)
    labels = torch.from_numpy(data.train.labels)[batch.index].view(2, 12)
    assert batch.same.equal(labels[0] == labels[1])
    outputs, _, terms = step(network, batch)
    torch.testing.assert_close(terms["loss"], contrastive(*outputs.z.chunk(2), batch.same, 2.0))
    assert terms["same"] == batch.same.float().mean()


def test_kochs_loss_learns_weights_by_which_pairs_are_compared():
    data = dataset()
    network = method("siamese", data, loss={"name": "bce"}, embedding_dim=6)
    outputs, _, terms = step(network, batch_of(network, data))
    za, zb = outputs.z.chunk(2)
    assert outputs.z.shape == (24, 6)
    terms["loss"].backward()
    assert network.weight.grad.abs().sum() > 0 and network.bias.grad.abs() > 0
    written = (za - zb).abs() @ network.weight + network.bias
    torch.testing.assert_close(network.similarity(za, zb), written)
    torch.testing.assert_close(network.project(outputs.h), outputs.z)
    assert method("siamese", data).similarity(za, zb) is None
    torch.testing.assert_close(terms["loss"], bce(za, zb, batch_of(network, data).same, network.weight, network.bias))


def test_listed_pairs_replace_those_of_labels():
    data, pairs = dataset(), PairList(np.arange(12), np.arange(12, 24), np.arange(12) % 3 == 0)
    data = replace(data, train=replace(data.train, lists={"mine": pairs}))
    network = method("siamese", data, list="mine")
    batch = batch_of(network, data)
    first, second = batch.index.view(2, 12)
    assert (second == first + 12).all() and batch.same.equal(first % 3 == 0)
    with pytest.raises(BadData, match="no pairs 'other'; leave `list` out, or name one of mine"):
        method("siamese", data, list="other").sampler(data.train)


def test_single_samples_are_no_pairs():
    data = dataset()
    network = method("siamese", data)
    single = next(iter(batches(data.train, 8, seed=0, epoch=0, device="cpu")))
    with pytest.raises(NotApplicable, match="needs pairs"):
        network.views(single, SampleRNG(0, 0, single.index))


def test_a_triplet_batch_has_classes_of_several_samples_and_the_loss_is_that_of_their_embeddings():
    data = dataset()
    network = method("triplet", data, loss={"name": "triplet", "mining": "hard"}, per_class=4)
    batch = batch_of(network, data)
    assert batch.labels.view(3, 4).sort(0).values.tolist() == [[0] * 4, [1] * 4, [2] * 4]
    outputs, _, terms = step(network, batch)
    torch.testing.assert_close(terms["loss"], triplet(outputs.z, batch.labels, mining="hard"))


def test_a_loss_on_two_views_takes_the_samples_of_a_class_by_twos():
    data = dataset()
    network = method("triplet", data, loss={"name": "supcon"}, per_class=4)
    batch = batch_of(network, data)
    outputs, _, terms = step(network, batch)
    torch.testing.assert_close(terms["loss"], supcon(outputs.z[0::2], outputs.z[1::2], batch.labels[0::2]))
    with pytest.raises(UserError, match="per_class 3 must be even"):
        method("triplet", data, loss={"name": "supcon"}, per_class=3)
    with pytest.raises(UserError, match="must take labels too"):
        method("triplet", data, loss={"name": "nt_xent"})


def test_a_loss_and_miner_of_the_library_see_the_same_batch():
    pytest.importorskip("pytorch_metric_learning", reason="the extra [pml] is not installed")
    from pytorch_metric_learning import losses, miners

    data = dataset()
    loss = {"name": "pml/MultiSimilarityLoss", "positives": "labels", "miner": {"name": "MultiSimilarityMiner"}}
    network = method("triplet", data, loss=loss)
    batch = batch_of(network, data)
    outputs, _, terms = step(network, batch)
    mined = miners.MultiSimilarityMiner()(outputs.z, batch.labels)
    torch.testing.assert_close(terms["loss"], losses.MultiSimilarityLoss()(outputs.z, batch.labels, mined))
    assert "needs `positives: labels`" in complaints("triplet", loss={"name": "pml/CircleLoss"})


def test_a_class_with_one_sample_is_seen_in_two_different_views():
    data = dataset()
    few = replace(data.train, labels=np.where(np.arange(48) < 3, np.arange(48), -1))
    data = replace(data, train=few)
    network = method("triplet_ranking", data, augment=[{"name": "crop", "scale": [0.3, 0.6]}])
    batch = batch_of(network, data, size=6)
    assert batch.labels.view(3, 2)[:, 0].equal(batch.labels.view(3, 2)[:, 1])
    outputs, views, terms = step(network, batch)
    assert all((views.inputs[i] - views.inputs[i + 1]).abs().sum() > 0 for i in (0, 2, 4))
    torch.testing.assert_close(terms["loss"], triplet_ranking(outputs.z, batch.labels))


def test_a_loss_on_other_inputs_is_refused_while_loading_with_those_that_fit():
    assert "triplet takes classes; losses on pairs: bce, contrastive, cosine_target" in complaints(
        "siamese", loss={"name": "triplet"}
    )
    assert "bce takes pairs; losses on classes or views:" in complaints("triplet", loss={"name": "bce"})
    assert "contrastive takes pairs; losses on views: barlow_twins" in complaints(
        "simclr", loss={"name": "contrastive"}
    )


@pytest.mark.parametrize("name", ["siamese", "triplet", "triplet_ranking"])
def test_without_labels_there_is_nothing_to_learn_from(name):
    with pytest.raises(BadData, match=f"method {name} needs labels"):
        method(name, dataset(classes=()))
