from contextlib import nullcontext

import pytest
import torch
from helpers.tiny_methods import Encoder, batch, encoder, facts, tensor, trained_step, views
from probeline.core.batch import Outputs, Views
from probeline.core.sample_rng import SampleRNG
from probeline.errors import BadData
from probeline.methods.contrastive.moco import Config, MoCo, against_queue
from probeline.training.data_parallel import Shard
from probeline.training.gradient_cache import cached_gradient, full_gradient
from torch import nn
from torch.nn import functional as F


def moco(train_size=40, **settings):
    torch.manual_seed(0)
    return MoCo(Config(**{"projector_dim": 4, "momentum": 0.9, **settings}), encoder(), facts(train_size))


def outputs(z, keys):
    return Outputs(h=z, z=z, extra={"keys": keys})


def test_its_loss_is_lightlys_nt_xent_with_a_memory_bank():
    lightly = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed")
    method, z, keys = moco(queue=16, temperature=0.2), tensor(5, 4), tensor(5, 4, seed=1)
    theirs = lightly.NTXentLoss(temperature=0.2, memory_bank_size=(16, 4))
    bank = theirs.memory_bank
    bank(tensor(2, 4), update=False)
    bank.bank = method.queue.clone() if bank.bank.shape == (16, 4) else method.queue.T.clone()
    torch.testing.assert_close(method.loss(outputs(z, keys), Views(z))["loss"], theirs(z, keys), atol=1e-6, rtol=1e-6)


def test_its_logits_are_cosines_over_the_temperature_the_own_key_first():
    queries, keys = torch.tensor([[3.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 5.0], [0.0, 1.0]])
    queue = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    logits = against_queue(queries, keys, queue, temperature=0.5)
    assert logits.tolist() == [[0, 2, -2, 0], [2, 0, 0, 2]]


def test_new_keys_take_the_place_of_the_oldest():
    method = moco(queue=5)
    first, second = tensor(3, 4, seed=1), tensor(3, 4, seed=2)
    for keys in (first, second):
        method.after_step(outputs(keys, keys), Views(keys))
    unit = F.normalize(torch.cat([first, second]), dim=1)
    torch.testing.assert_close(method.queue, unit[[5, 1, 2, 3, 4]])
    assert method.oldest.item() == 1


def test_of_a_batch_longer_than_the_queue_the_last_keys_stay():
    method, keys = moco(queue=2), tensor(5, 4)
    method.after_step(outputs(keys, keys), Views(keys))
    torch.testing.assert_close(method.queue, F.normalize(keys[3:], dim=1))


def test_after_a_step_the_key_encoder_has_moved_a_tenth_of_the_way():
    method = moco(queue=8)
    before = method.key_encoder.linear.weight.clone()
    trained_step(method, batch())
    now = method.encoder.linear.weight
    assert not torch.equal(now, before)
    torch.testing.assert_close(method.key_encoder.linear.weight, 0.9 * before + 0.1 * now)


def test_keys_are_those_of_the_other_view_in_the_order_of_the_rows_whatever_the_groups():
    for symmetric in (False, True):
        for groups in (1, 2, 3):
            method = moco(queue=8, norm_groups=groups, symmetric=symmetric)
            made = views(method, batch(b=7))
            first, second = made.inputs.chunk(2)
            expected = torch.cat([second, first]) if symmetric else second
            got = method(made)
            torch.testing.assert_close(got.extra["keys"], method.key_projector(method.key_encoder(expected).h))
            queried = made.inputs if symmetric else first
            torch.testing.assert_close(got.h, method.encoder(queried).h)
            assert not got.extra["keys"].requires_grad


class NormedEncoder(Encoder):
    """A batch norm first, whose running mean starts far from the images' mean."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.norm.running_mean.fill_(100.0)

    def forward(self, x, lengths=None):
        return super().forward(self.norm(x))


@pytest.mark.parametrize(("network", "group"), [("_queried", [4, 5, 6, 7]), ("_keys", [1, 5, 9, 13])])
def test_a_query_and_its_key_share_their_norm_group_with_other_rows(network, group):
    """What row 5 becomes depends on its group alone: neighbours for a query, rows some way apart for a key."""
    method = MoCo(Config(projector_dim=4, queue=8, norm_groups=4), NormedEncoder(), facts(40))
    inputs = batch(b=16).inputs.requires_grad_()
    (gradient,) = torch.autograd.grad(getattr(method, network)(inputs)[5].square().sum(), inputs)
    assert gradient.flatten(1).abs().sum(1).nonzero().flatten().tolist() == group


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("micro_batch", [None, 16])
def test_running_statistics_move_once_a_step_from_all_groups(symmetric, micro_batch):
    """By batch norm's own momentum: 90% of the old mean stay; eight updates would leave 43%."""
    config = Config(projector_dim=4, queue=8, norm_groups=8, symmetric=symmetric)
    method, samples = MoCo(config, NormedEncoder(), facts(40)), batch(b=32)
    share, gradient = Shard(32, micro_batch), cached_gradient if micro_batch else full_gradient
    made = gradient(method, samples, SampleRNG(0, 0, samples.index), nullcontext, share).views
    first, second = (view.mean((0, 2, 3)) for view in made.inputs.chunk(2))
    queries, keys = ((first + second) / 2, (first + second) / 2) if symmetric else (first, second)
    for norm, mean in ((method.encoder.norm, queries), (method.key_encoder.norm, keys)):
        torch.testing.assert_close(norm.running_mean, 90 + 0.1 * mean)
        assert int(norm.num_batches_tracked) == 1


def test_in_evaluation_both_views_are_encoded():
    method = moco(queue=8).eval()
    assert len(method(views(method, batch(b=6))).h) == 12


def test_the_demos_sum_of_both_queries_losses_is_twice_the_rate_and_half_the_decay():
    after = {}
    for terms, lr, decay in ((2, 0.1, 0.02), (1, 0.2, 0.01)):
        method = moco(queue=8, symmetric=True)
        optimizer = torch.optim.SGD(method.parameters(), lr, momentum=0.9, weight_decay=decay)
        for seed in range(3):
            made = views(method, batch(seed=seed))
            optimizer.zero_grad()
            (terms * method.loss(method(made), made)["loss"]).backward()
            optimizer.step()
        after[terms] = method.encoder.linear.weight
    torch.testing.assert_close(after[1], after[2])


def test_a_queue_longer_than_the_data_is_refused_and_left_out_fits_them():
    with pytest.raises(BadData, match="queue of 41 keys for 40 training samples"):
        moco(queue=41)
    assert len(moco().queue) == 40
    assert len(moco(train_size=5000).queue) == 4096
