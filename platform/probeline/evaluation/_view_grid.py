"""What a method makes of images, as pictures: what the protocol `views` and the command of that name show."""

from torch import Tensor

from probeline.core.batch import Batch
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.errors import NotApplicable


def view_grid(method: Method, batch: Batch, rng: SampleRNG) -> tuple[Tensor, Tensor | None]:
    """Views [V, B, C, h, w] of a batch of B images, and one whole-number target a view [V, B], or a sample [1, B].

    Targets are None where the method asks for no such numbers. Raises NotApplicable where its views are no pictures,
    and what `views` raises.
    """
    views = method.views(batch, rng)
    if views.inputs.ndim != 4 or views.inputs.shape[1] not in (1, 3, batch.inputs.shape[1]):
        raise NotApplicable(f"its views have the shape {tuple(views.inputs.shape)}, which is no picture")
    return views.inputs.unflatten(0, (-1, len(batch))), _targets(views.targets, len(batch), len(views.inputs))


def _targets(targets: Tensor | None, samples: int, views: int) -> Tensor | None:
    """[V, B]: one whole number a view, where the method asks for such; [B] ones stand under the first view."""
    if targets is None or targets.is_floating_point() or targets.ndim != 1:
        return None
    return targets.unflatten(0, (-1, samples)) if len(targets) in (samples, views) else None
