"""A linear probe that learns while the encoder does: for watching, never a result."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.metric import percentage

METRICS = {"top1": percentage("online probe top-1 accuracy")}


class OnlineProbe(nn.Module):
    """Batch norm and a linear layer on h with its own SGD; no gradient reaches the encoder.

    Its accuracy is that of training batches under training augmentation, so it shows whether learning proceeds, not
    how good the representation is.
    """

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__()
        self.norm, self.linear = nn.BatchNorm1d(dim, affine=False), nn.Linear(dim, classes)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.optimizer = torch.optim.SGD(self.linear.parameters(), lr=0.1, momentum=0.9, fused=True)

    def learn(self, h: Tensor, labels: Tensor) -> Tensor:
        """One step on h [B, dim], labels [B]; returns the accuracy before it, a scalar on the device."""
        logits = self.linear(self.norm(h.detach().float()))
        self.optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(logits, labels).backward()
        self.optimizer.step()
        return (logits.detach().argmax(1) == labels).float().mean()
