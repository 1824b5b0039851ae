"""Optimisers by name: SGD and AdamW are torch's, LARS is here."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

from probeline.experiment.schema import Training


def build_optimizer(model: nn.Module, training: Training) -> Optimizer:
    """The optimiser of a recipe's training section; the loop sets the rate before each step."""
    groups = parameter_groups(model)
    if training.optimizer == "lars":
        return LARS(
            [part for group in groups for part in lars_groups(group, training.weight_decay)], momentum=training.momentum
        )
    decay = training.weight_decay
    if training.optimizer == "adamw":
        return AdamW(groups, lr=0.0, weight_decay=decay, fused=True)
    return SGD(groups, lr=0.0, momentum=training.momentum, weight_decay=decay, fused=True)


def parameter_groups(model: nn.Module) -> list[dict[str, Any]]:
    """Parameters whose rate follows the schedule, then those of `Method.undecayed`, whose rate stays at its peak."""
    names = tuple(f"{module}." for module in getattr(model, "undecayed", ()))
    scheduled = [p for name, p in model.named_parameters() if not name.startswith(names)]
    undecayed = [p for name, p in model.named_parameters() if name.startswith(names)]
    groups = [{"params": scheduled, "decays": True}, {"params": undecayed, "decays": False}]
    return [group for group in groups if group["params"]]


def lars_groups(group: dict[str, Any], weight_decay: float) -> list[dict[str, Any]]:
    """Weights, which LARS adapts and decays, and biases and norms, which it leaves alone (SimCLR, B.6)."""
    learned = [p for p in group["params"] if p.requires_grad]
    weights = [p for p in learned if p.ndim > 1]
    rest = [p for p in learned if p.ndim <= 1]
    return [
        group | {"params": weights, "weight_decay": weight_decay, "adapts": True},
        group | {"params": rest, "weight_decay": 0.0, "adapts": False},
    ]


class LARS(Optimizer):
    """Layer-wise adaptive rate scaling with classic momentum.

    g += wd * w;  r = eta * |w| / |g|, or 1 where a norm is 0 or the group does not adapt;
    v = momentum * v + lr * r * g;  w -= v.

    Source: You, Gitman, Ginsburg 2017 (arXiv 1708.03888), algorithm 1, in the form of SimCLR's official code, where
    the rate stands inside the momentum buffer.
    """

    def __init__(self, params: Iterable, lr: float = 0.0, momentum: float = 0.9, eta: float = 0.001) -> None:
        """`eta`: the trust coefficient; a group may hold `weight_decay` and `adapts`."""
        super().__init__(params, {"lr": lr, "momentum": momentum, "eta": eta, "weight_decay": 0.0, "adapts": True})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no loss is computed anew
        """One update. No value is read back from the device."""
        for group in self.param_groups:
            weights: list[Tensor] = [weight for weight in group["params"] if weight.grad is not None]
            if weights:
                self._update(weights, group)

    def _update(self, weights: list[Tensor], group: dict) -> None:
        """All weights of a group at once: a launch or two for each operation, but for the product with r."""
        own = [weight.grad for weight in weights if weight.grad is not None]
        gradients = list(torch._foreach_add(own, weights, alpha=group["weight_decay"]))
        if group["adapts"]:
            torch._foreach_mul_(gradients, _trust(weights, gradients, group["eta"]))
        for weight in weights:
            if not self.state[weight]:
                self.state[weight]["velocity"] = torch.zeros_like(weight)
        velocities = [self.state[weight]["velocity"] for weight in weights]
        torch._foreach_mul_(gradients, group["lr"])
        torch._foreach_mul_(velocities, group["momentum"])
        torch._foreach_add_(velocities, gradients)
        torch._foreach_sub_(weights, velocities)


def _trust(weights: list[Tensor], gradients: list[Tensor], eta: float) -> list[Tensor]:
    """r of each weight, a scalar on the device."""
    size, slope = (torch.stack(torch._foreach_norm(tensors)) for tensors in (weights, gradients))
    return list(torch.where((size > 0) & (slope > 0), eta * size / slope, 1.0).unbind())
