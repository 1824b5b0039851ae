"""Any loss of pytorch-metric-learning by name: `pml/MultiSimilarityLoss`, with a miner, distance and reducer by name.

Needs the extra: pip install 'probeline[pml]'. Musgrave, Belongie, Lim: PyTorch Metric Learning, arXiv 2008.09164.
"""

import re
from typing import Any, Literal

import torch
from pydantic import Field, field_validator, model_validator
from torch import Tensor, nn

from probeline.core.settings import Settings
from probeline.errors import UserError
from probeline.experiment.problems import shown, unknown
from probeline.losses._pairs import full_precision, one_of, two_views
from probeline.plugins.library_source import parameters, public_classes

LIBRARY = "pytorch_metric_learning"
OBJECTS = {"reducer", "distance", "embedding_regularizer", "embedding_reg_weight", "collect_stats"}
"""Parameters of every class there that take an object, or have a field of their own here."""

HOLDING = {"weight_init_func", "descriptors_dim", "loss", "losses", "reducers", "weights"}
"""Parameters of those classes that hold weights to train, or wrap objects."""

UNFIT = re.compile("^Base|Mixin$|^(GenericPair|VICReg)Loss$|^DoNothingReducer$|AlreadyPackaged")
"""Classes that are no choice of a user, or do not take embeddings and labels alone; VICReg is `vicreg` here."""

Parameters = dict[str, int | float | str | bool]


def check(kind: str, name: str, given: Parameters) -> None:
    """Raises ValueError where the installed library has no such class, or the class no such parameter.

    Where the library is not installed nothing is checked: a machine that only plans or reports need not have it.
    """
    classes = {name: file for name, file in public_classes(f"{LIBRARY}.{kind}").items() if not UNFIT.search(name)}
    if not classes:
        return
    if name not in classes:
        raise ValueError(f"got {shown(name)}; {unknown(name, list(classes))}")
    takes = parameters(classes[name], name)
    if HOLDING & set(takes.names):
        raise ValueError(f"got {shown(name)}; it holds weights or other objects, and a loss here is a pure function")
    usable = [parameter for parameter in takes.names if parameter not in OBJECTS]
    for parameter in given:
        if parameter not in usable:
            raise ValueError(f"{name} has no parameter {shown(parameter)}: {unknown(parameter, usable)}")
    missing = [parameter for parameter in takes.required if parameter not in given]
    if missing:
        raise ValueError(f"{name} needs the parameter {', '.join(missing)}")


class LossComponent(Settings):
    """A miner, distance or reducer of the library: its class and what it takes."""

    name: str = Field(min_length=1)
    parameters: Parameters = Field(default_factory=dict)


class Config(Settings):
    """Embeddings are the 2B views.

    `positives`: `views`, the two views of a sample share a label of their own; `labels`, those of one class do, and a
    sample of unknown class has a label of its own.
    """

    variant: str = Field(min_length=1)
    parameters: Parameters = Field(default_factory=dict)
    positives: Literal["views", "labels"] = "views"
    miner: LossComponent | None = None
    distance: LossComponent | None = None
    reducer: LossComponent | None = None

    @field_validator("miner", "distance", "reducer")
    @classmethod
    def _known_part(cls, part: LossComponent | None, info: Any) -> LossComponent | None:
        if part is not None:
            check(f"{info.field_name}s", part.name, part.parameters)
        return part

    @model_validator(mode="after")
    def _known_loss(self) -> "Config":
        check("losses", self.variant, self.parameters)
        return self


DEFAULTS = Config.model_construct(variant="")  # without its checks: a variant has no default


def pml(
    za: Tensor,
    zb: Tensor,
    labels: Tensor | None = None,
    *,
    variant: str,
    parameters: Parameters = DEFAULTS.parameters,
    positives: Literal["views", "labels"] = DEFAULTS.positives,
    miner: LossComponent | dict[str, Any] | None = DEFAULTS.miner,
    distance: LossComponent | dict[str, Any] | None = DEFAULTS.distance,
    reducer: LossComponent | dict[str, Any] | None = DEFAULTS.reducer,
) -> Tensor:
    """The library's loss `variant` on the 2B views as embeddings, in float32 or better.

    Example:
        >>> from probeline.losses.pml import pml
        >>> za, zb = torch.randn(2, 256, 128, requires_grad=True)
        >>> pml(za, zb, variant="MultiSimilarityLoss", miner={"name": "MultiSimilarityMiner"}).backward()

    Args:
        za, zb: [B, D] projections of two views of the same samples, row by row.
        labels: [B] classes, read where `positives` is `labels`; one below 0 is unknown.
        variant: a class of `pytorch_metric_learning.losses` without weights of its own.
        parameters: what the class takes by name.
        positives: `views` or `labels`.
        miner, distance, reducer: `{name: ..., parameters: {...}}` of the library's modules of those names.

    Returns:
        A scalar; the library's default reductions differ from loss to loss.

    Raises:
        ValueError: shapes differ, labels are missing, or the library has no such class or parameter.
        UserError: the library is not installed.
    """
    one_of("positives", positives, "views", "labels")
    za, zb = two_views(za, zb)
    parts = [None if part is None else LossComponent.model_validate(part) for part in (miner, distance, reducer)]
    loss, mine = _loss_and_miner(LossComponent(name=variant, parameters=parameters), *parts)
    identities = torch.arange(len(za), device=za.device)
    if positives == "labels":
        if labels is None:
            raise ValueError(f"pml/{variant} with positives: labels needs labels")
        identities = torch.where(labels < 0, labels.max().clamp(min=0) + 1 + identities, labels)
    with full_precision(za):
        z, identities = torch.cat([za, zb]), identities.repeat(2)
        value = loss(z, identities, mine(z, identities)) if mine is not None else loss(z, identities)
    return value.sum()  # some of its reducers give [1] where nothing was mined


def _loss_and_miner(
    loss: LossComponent, miner: LossComponent | None, distance: LossComponent | None, reducer: LossComponent | None
) -> tuple[nn.Module, Any]:
    """The loss and the miner, which share the distance: new instances, as some are stateful."""
    shared = {} if distance is None else {"distance": _instance("distances", distance)}
    mine = None if miner is None else _instance("miners", miner, **shared)
    reduced = {} if reducer is None else {"reducer": _instance("reducers", reducer)}
    compare = _instance("losses", loss, **shared, **reduced)
    if any(True for _ in compare.parameters()):
        raise ValueError(
            f"pml/{type(compare).__name__} has weights of its own to train, and a loss here is a pure function"
        )
    return compare, mine


def _instance(kind: str, part: LossComponent, **modules: nn.Module) -> nn.Module:
    """An object of the library's class `part`, given its parameters and the library's `modules` that it is to use.

    Raises:
        UserError: the library is not installed.
        ValueError: there is no such class, or it refuses its parameters.
    """
    try:
        from pytorch_metric_learning import distances, losses, miners, reducers
    except ModuleNotFoundError as error:
        raise UserError(
            f"losses pml/... need pytorch-metric-learning ({error}): pip install 'probeline[pml]'"
        ) from None
    library = {"distances": distances, "losses": losses, "miners": miners, "reducers": reducers}[kind]
    check(kind, part.name, part.parameters)
    try:
        return getattr(library, part.name)(**part.parameters, **modules)
    except (TypeError, ValueError, AssertionError) as error:
        raise ValueError(f"pml: {part.name} refuses {part.parameters}: {error}") from error
