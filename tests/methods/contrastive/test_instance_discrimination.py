import math

import pytest
import torch
from helpers.tiny_methods import batch, encoder, facts, tensor, trained_step, views
from probeline.core.batch import Outputs, Views
from probeline.errors import BadData, NotApplicable
from probeline.methods.contrastive.instance_discrimination import Config, InstanceDiscrimination, noise_contrastive
from torch.nn import functional as F

INDEX = torch.tensor([3, 0])


def made(train_size=5, **settings):
    torch.manual_seed(0)
    config = Config(**{"projector_dim": 4, "temperature": 0.5, **settings})
    return InstanceDiscrimination(config, encoder(), facts(train_size))


def loss(method, v, index=INDEX):
    return method.loss(Outputs(h=v, z=v), Views(v, index=index))


def test_the_full_softmax_is_over_all_vectors_of_the_bank():
    method, v = made(), F.normalize(tensor(2, 4), dim=1)
    scores = torch.tensor([[math.exp(float(v[i] @ method.bank[j]) / 0.5) for j in range(5)] for i in range(2)])
    share = scores[torch.arange(2), INDEX] / scores.sum(1)
    torch.testing.assert_close(loss(method, v)["loss"], -share.log().mean())


def test_noise_contrastive_estimation_by_hand():
    """Eq. 6 and 7 with n = 10, m = 2: P = 0.3 for the sample, 0.1 and 0.05 for the negatives, P_n = 1/10."""
    found = noise_contrastive(torch.tensor([0.3]).log(), torch.tensor([[0.1, 0.05]]).log(), samples=10)
    expected = -math.log(0.3 / (0.3 + 0.2)) - math.log(1 - 0.1 / (0.1 + 0.2)) - math.log(1 - 0.05 / (0.05 + 0.2))
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_the_normaliser_is_estimated_on_the_first_batch_and_then_a_moving_average():
    method, v = made(train_size=400, negatives=300), F.normalize(tensor(2, 4), dim=1)
    assert method.normaliser == 0
    loss(method, v)
    first = method.normaliser.clone()
    exact = torch.exp(v @ method.bank.T / 0.5).sum(1).mean()
    assert first.item() == pytest.approx(exact.item(), rel=0.1)
    method.bank.copy_(v[:1].expand_as(method.bank))  # all vectors alike: Z is n exp(v.v / t) for the first row
    loss(method, v[:1].repeat(2, 1))
    torch.testing.assert_close(method.normaliser, 0.9 * first + 0.1 * 400 * math.exp(2), rtol=1e-5, atol=0)
    assert method.state_dict()["normaliser"] == method.normaliser


def test_with_the_exact_normaliser_its_gradient_is_near_that_of_the_full_softmax():
    """Section 3.2: the more negatives, the closer; both push v the same way."""
    v = F.normalize(tensor(2, 4), dim=1).requires_grad_()
    (full,) = torch.autograd.grad(loss(made(train_size=400), v)["loss"], v)
    (estimated,) = torch.autograd.grad(loss(made(train_size=400, negatives=400), v)["loss"], v)
    assert F.cosine_similarity(full, estimated).min() > 0.95


def test_a_sample_moves_half_way_in_the_bank_and_stays_of_length_1():
    method, v = made(momentum=0.5), F.normalize(tensor(2, 4), dim=1)
    before = method.bank.clone()
    method.after_step(Outputs(h=v, z=v), Views(v, index=INDEX))
    torch.testing.assert_close(method.bank[INDEX], F.normalize((before[INDEX] + v) / 2, dim=1))
    torch.testing.assert_close(method.bank[[1, 2, 4]], before[[1, 2, 4]], rtol=0, atol=0)


def test_the_proximal_term_is_the_squared_way_from_the_bank():
    method, v = made(), F.normalize(tensor(2, 4), dim=1)
    pulled = made(proximal=3.0)
    way = (v - method.bank[INDEX]).square().sum(1).mean()
    terms = loss(pulled, v)
    torch.testing.assert_close(terms["loss"], loss(method, v)["loss"] + 3 * way)
    torch.testing.assert_close(terms["moved"], way)


def test_a_step_writes_the_rows_of_the_batch_only():
    method = made(train_size=40)
    before = method.bank.clone()
    trained_step(method, batch(b=3, index=torch.tensor([7, 30, 2])))
    changed = (method.bank != before).any(1).nonzero().flatten()
    assert changed.tolist() == [2, 7, 30]
    assert not method.bank.requires_grad


def test_on_other_data_it_represents_but_has_no_loss():
    method = made(train_size=5).eval()
    given = views(method, batch(b=6))
    assert len(method(given).h) == 6
    with pytest.raises(NotApplicable, match="5 samples it was trained on; sample 5"):
        method.loss(method(given), given)


def test_more_negatives_than_samples_are_refused():
    with pytest.raises(BadData, match="41 negatives of 40"):
        made(train_size=40, negatives=41)


def test_unlabelled_data_and_a_single_sample_are_enough():
    method = made(train_size=1)
    outputs, _ = trained_step(method, batch(b=1, labels=torch.tensor([-1])))
    assert torch.isfinite(outputs.z).all()
