"""Whether an experiment uses the GPUs of the machine that it is to run on, in words."""

from collections import Counter
from collections.abc import Sequence

from probeline.experiment.resources import Resources

REMEDY = "--set resources.gpus=auto uses them, 1 gives each trial one, 0.25 a quarter of one"


def unused_gpus(resources: Resources, models: Sequence[str]) -> str | None:
    """What to say where a machine has GPUs of these models and no trial gets one; None where all is well."""
    if not models or resources.each["GPU"]:
        return None
    return f"this machine has {in_words(models)}, the spec uses none; {REMEDY}"


def missing_gpus(resources: Resources, models: Sequence[str]) -> str | None:
    """What to say where a trial needs more GPUs than the machine has; None where all is well."""
    need = resources.all["GPU"]
    if need <= len(models):
        return None
    return f"a trial of the spec needs {need:g} GPU, this machine has {in_words(models)}"


def in_words(models: Sequence[str]) -> str:
    """`8 GPUs (NVIDIA H100 80GB HBM3)`."""
    kinds = Counter(models)
    names = ", ".join(f"{count} x {name}" if len(kinds) > 1 else name for name, count in kinds.items())
    return f"{len(models) or 'no'} GPU{'' if len(models) == 1 else 's'}" + (f" ({names})" if names else "")
