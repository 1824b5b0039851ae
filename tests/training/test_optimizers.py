import pytest
import torch
from probeline.experiment.schema import Training
from probeline.training.optimizers import LARS, build_optimizer
from torch import nn


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def step(optimizer, model, lr):
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.zero_grad()
    model(torch.rand(5, 3, generator=torch.Generator().manual_seed(1))).square().sum().backward()
    optimizer.step()


def test_two_steps_of_lars_are_those_worked_out_by_hand():
    weight = nn.Parameter(torch.tensor([[3.0, 4.0]]))
    optimizer = LARS([{"params": [weight], "weight_decay": 0.1}], lr=2.0, momentum=0.5, eta=0.01)
    weight.grad = torch.tensor([[0.7, -0.4]])
    optimizer.step()
    # g = (0.7, -0.4) + 0.1 (3, 4) = (1, 0); r = 0.01 * 5 / 1; v = 2 * 0.05 * g = (0.1, 0)
    torch.testing.assert_close(weight.data, torch.tensor([[2.9, 4.0]]))
    weight.grad = torch.tensor([[-0.29, 0.6]])
    optimizer.step()
    # g = (0, 1); r = 0.01 * |(2.9, 4)|; v = 0.5 (0.1, 0) + 2 r (0, 1)
    size = (2.9**2 + 4**2) ** 0.5
    torch.testing.assert_close(weight.data, torch.tensor([[2.85, 4.0 - 0.02 * size]]))


def test_lars_leaves_biases_and_norms_to_plain_momentum_without_decay():
    model = net()
    optimizer = build_optimizer(model, Training(optimizer="lars", weight_decay=0.1))
    adapted = {id(p) for p in optimizer.param_groups[0]["params"]}
    assert adapted == {id(model[0].weight), id(model[2].weight)}
    bias = model[2].bias.detach().clone()
    step(optimizer, model, lr=0.1)
    torch.testing.assert_close(model[2].bias.data, bias - 0.1 * model[2].bias.grad)


def test_a_weight_of_zeros_still_moves():
    weight = nn.Parameter(torch.zeros(2, 2))
    weight.grad = torch.ones(2, 2)
    LARS([weight], lr=0.1).step()
    torch.testing.assert_close(weight.data, torch.full((2, 2), -0.1))


def test_lars_agrees_with_lightlys():
    lars = pytest.importorskip("lightly.utils.lars", reason="the extra [bench] is not installed")
    ours, theirs = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    theirs.load_state_dict(ours.state_dict())
    optimizers = [
        LARS([{"params": ours.parameters(), "weight_decay": 1e-4}], lr=0.5),
        lars.LARS(theirs.parameters(), lr=0.5, momentum=0.9, weight_decay=1e-4, trust_coefficient=0.001, eps=0.0),
    ]
    for seed in range(3):
        x = torch.rand(8, 4, generator=torch.Generator().manual_seed(seed))
        for model, optimizer in zip((ours, theirs), optimizers, strict=True):
            optimizer.zero_grad()
            model(x).square().sum().backward()
            optimizer.step()
    # At a constant rate it makes no difference that lightly multiplies it after the momentum, we before. Its norm of
    # the denominator is |g| + wd |w| instead of |g + wd w|, hence the tolerance.
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["sgd", "lars", "adamw"])
def test_every_optimiser_lowers_the_loss(name):
    model = net()
    optimizer = build_optimizer(model, Training(optimizer=name))
    x = torch.rand(5, 3, generator=torch.Generator().manual_seed(1))
    before = model(x).square().sum().item()
    for _ in range(20):
        step(optimizer, model, lr=0.01)
    assert model(x).square().sum().item() < before


@pytest.mark.parametrize("name", ["sgd", "lars", "adamw"])
def test_parameters_whose_rate_does_not_decay_are_groups_of_their_own(name):
    model = net()
    model.undecayed = ("2",)
    groups = build_optimizer(model, Training(optimizer=name)).param_groups
    apart = {id(p) for group in groups if not group["decays"] for p in group["params"]}
    assert apart == {id(p) for p in model[2].parameters()}
    assert sum(len(group["params"]) for group in groups) == len([*model.parameters()])
