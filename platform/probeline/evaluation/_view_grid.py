"""What a method makes of samples, as pictures: what the protocol `views` and the command of that name show."""

from typing import NamedTuple

from torch import Tensor

from probeline.core.batch import Batch, Views
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.data.render import pictures
from probeline.errors import NotApplicable


class ViewGrid(NamedTuple):
    """samples: [B, C, H, W]; views: [V, B, C, h, w]; targets: whole numbers, one a view [V, B] or a sample [1, B]."""

    samples: Tensor
    views: Tensor
    targets: Tensor | None


def view_grid(method: Method, batch: Batch, rng: SampleRNG, sample: SampleSpec) -> ViewGrid:
    """Pictures of the samples of a batch, of pairs the first ones, and of their views.

    Targets are None where the method asks for no such numbers. Raises NotApplicable where its views have no pictures,
    and what `views` raises.
    """
    views = method.views(batch, rng)
    _require_same_kind(views, batch)
    count = len(batch)
    first = batch.lengths if batch.lengths is None else batch.lengths[:count]
    shown = pictures(views.inputs, views.lengths, sample).unflatten(0, (-1, count))
    targets = _targets(views.targets, count, len(views.inputs))
    return ViewGrid(pictures(batch.inputs[:count], first, sample), shown, targets)


def _require_same_kind(views: Views, batch: Batch) -> None:
    """Views of images are images of as many channels, or grey or in colour; those of others have as many dimensions."""
    inputs, given = views.inputs, batch.inputs
    image = given.ndim == 4
    channels = (1, 3, given.shape[1]) if image else given.shape[2:]
    same = inputs.shape[1] in channels if image and inputs.ndim == 4 else inputs.shape[2:] == channels
    if inputs.ndim != given.ndim or inputs.dtype != given.dtype or not same:
        raise NotApplicable(f"its views have the shape {tuple(inputs.shape)}, which is no picture")


def _targets(targets: Tensor | None, samples: int, views: int) -> Tensor | None:
    """[V, B]: one whole number a view, where the method asks for such; [B] ones stand under the first view."""
    if targets is None or targets.is_floating_point() or targets.ndim != 1:
        return None
    return targets.unflatten(0, (-1, samples)) if len(targets) in (samples, views) else None
