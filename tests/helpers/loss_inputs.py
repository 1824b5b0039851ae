"""Tensors for any loss of the catalogue, by what its file says that it takes."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from probeline.plugins import catalog
from torch import Tensor

D = 5
VARIANT = "NTXentLoss"


def function(name: str) -> Callable[..., Tensor]:
    return getattr(catalog.module("losses", name), name)


def config(name: str) -> Any:
    """The defaults; a loss of the library is tried as one of its variants."""
    settings = catalog.any_config("losses", name)
    return settings(variant=VARIANT) if "variant" in settings.model_fields else settings()


def takes(name: str) -> str:
    """`views`, `pairs` or `classes`."""
    return getattr(catalog.module("losses", name), "TAKES", ("views",))[0]


def on_views() -> list[str]:
    """The losses on two views of every sample."""
    return [name for name in catalog.names("losses") if takes(name) == "views"]


@dataclass(frozen=True)
class Inputs:
    """What a loss is called with: embeddings, one or two times [B, D]; labels [B] or bool [B]; tensors it learns."""

    name: str
    z: tuple[Tensor, ...]
    labels: Tensor
    learned: tuple[Tensor, ...] = ()

    def loss(self, **settings: Any) -> Tensor:
        """Its value with the defaults and these settings."""
        own = {key: getattr(config(self.name), key) for key in type(config(self.name)).model_fields}
        called = function(self.name)
        if takes(self.name) != "views":
            return called(*self.z, self.labels, *self.learned, **(own | settings))
        needs = {"labels": self.labels} if "labels" in inspect.signature(called).parameters else {}
        return called(*self.z, **(own | needs | settings))

    def permuted(self, order: Tensor) -> "Inputs":
        return replace(self, z=tuple(z[order] for z in self.z), labels=self.labels[order])

    def exchanged(self) -> "Inputs":
        """The other view, or the other sample of each pair, first."""
        return replace(self, z=self.z[::-1])

    def of(self, change: Callable[[Tensor], Tensor]) -> "Inputs":
        """With the embeddings, and the tensors that are learned, changed."""
        return replace(self, z=tuple(map(change, self.z)), learned=tuple(map(change, self.learned)))

    def differentiable(self) -> "Inputs":
        return self.of(lambda tensor: tensor.detach().clone().requires_grad_())


def inputs(name: str, b: int = 6, dtype: torch.dtype = torch.float64, seed: int = 0) -> Inputs:
    """B samples, pairs of samples, or samples with two views each; three classes, half of the pairs equal."""
    generator = torch.Generator().manual_seed(seed)
    kind = takes(name)
    z = torch.randn(1 if kind == "classes" else 2, b, D, generator=generator, dtype=torch.float64).to(dtype)
    labels = torch.arange(b) % 2 == 0 if kind == "pairs" else torch.arange(b) % (2 if b == 4 else 3)
    learned = {"weight": torch.linspace(-1, 0.5, D, dtype=torch.float64), "bias": torch.tensor(0.5).double()}
    names = getattr(catalog.module("losses", name), "LEARNS", ())
    return Inputs(name, tuple(z), labels, tuple(learned[each].to(dtype) for each in names)).differentiable()
