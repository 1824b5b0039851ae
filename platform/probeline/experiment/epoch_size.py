"""How many samples, pairs or windows a training epoch has, as far as that is known before the data are read."""

from probeline.experiment.resolved import ResolvedComponent
from probeline.plugins.declarations import declaration


def epoch_size(method: ResolvedComponent, train_size: int) -> int | None:
    """What training.batch_size divides, for a training split of `train_size` samples.

    None where only the data tell: of windows of text, whose number is that of the tokens, and of pairs from a list.
    Raises UnknownPlugin, BrokenPlugin.
    """
    (kind,) = declaration("methods", method.as_dict()).epoch
    if kind == "samples":
        return train_size
    if kind == "windows" or method.parameters.get("list") is not None:
        return None
    return method.parameters.get("pairs") or train_size
