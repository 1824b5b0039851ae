"""What several methods ask of their data, and a metric that they share."""

from functools import partial
from typing import Any

from torch import Tensor

from probeline.core.dataset import DatasetInfo
from probeline.core.loss import Loss
from probeline.core.metric import loss_term
from probeline.errors import BadData, NotApplicable
from probeline.plugins import catalog

METRICS = {"loss": loss_term("training loss")}
"""The term of a loss that every method has; a method declares its others in its own file."""

WITHOUT = "take a method or a loss that needs none, such as simclr with nt_xent"


def require_labels(facts: DatasetInfo, who: str, *, every: bool) -> None:
    """Checks that there are labels for a method that learns from them; `who` begins the message.

    `every`: whether each training sample needs one; else some are enough.

    Raises:
        BadData: there are fewer than two classes, or training samples without a label.
    """
    if len(facts.classes) < 2:
        raise BadData(f"{who} needs labels of two classes or more; the data have {len(facts.classes)}: {WITHOUT}")
    if facts.labelled == 0 or (every and facts.labelled < 1):
        raise BadData(
            f"{who} needs labels{' for all' if every else ''} of the training samples; {1 - facts.labelled:.1%} have "
            f"none: leave those out of the data, or {WITHOUT}"
        )


def top1(logits: Tensor, targets: Tensor) -> Tensor:
    """The share of rows of [B, K] `logits` whose largest entry is at `targets` [B]."""
    return (logits.detach().argmax(1) == targets).float().mean()


def training_rows(index: Tensor | None, samples: int, *, checked: bool) -> Tensor:
    """`index` [B], the samples' rows in a table of `samples` training samples.

    `checked`: whether to look for rows beyond them, which waits for the device; a training has none by construction.

    Raises:
        NotApplicable: there is no index, or these are not the data that the method was trained on.
    """
    if index is None:
        raise NotApplicable("this method remembers its training samples; views without an index have no loss")
    if checked and int(index.max()) >= samples:
        raise NotApplicable(
            f"this method remembers the {samples} samples it was trained on; sample {int(index.max())} is none of "
            f"them, so on other data only its representations can be judged"
        )
    return index


def loss_function(component: dict[str, Any]) -> Loss:
    """The loss of a component `{name: ..., parameters}` with its parameters bound: tensors in, scalar out.

    Raises as `catalog.settings` and `catalog.plugin_function`.
    """
    parameters = catalog.settings("losses", component).model_dump()
    return partial(catalog.plugin_function("losses", component["name"]), **parameters)


def learned_by(component: dict[str, Any]) -> tuple[str, ...]:
    """Names of the tensors that a method learns for its loss and hands over after the embeddings and answers."""
    return tuple(catalog.constant("losses", component["name"], "LEARNS", ()))
