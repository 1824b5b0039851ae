"""`resources.gpus: auto` as a number: the share of a card that a trial's memory needs, or none without a card."""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import floor

from probeline.execution.planning.gpu_use import in_words
from probeline.experiment.resources import SMALLEST_SHARE, Resources
from probeline.experiment.trial import Trial
from probeline.tracking.reading.costs import Shapes, costs
from probeline.tracking.writing.gpus import SMI_TIMEOUT_S, gpus

MAX_TRIALS_A_CARD = 16
CONTEXT_BYTES = 600 * 2**20
"""What CUDA itself takes of a card in each process."""
RESERVE = 0.1
"""Share of a card's memory that stays free."""
MARGIN = 1.2
"""By how much a trial's evaluation may need more than its training was seen to take."""


@dataclass(frozen=True)
class Cards:
    """The GPUs of a machine: their models, and the memory of the smallest, asked for where it matters."""

    models: Sequence[str]
    memory_bytes: Callable[[], float | None]


def cards_here() -> Cards:
    """Those of this machine that this process may use."""
    return Cards(gpus(), smallest_memory)


def cards_elsewhere(count: float) -> Cards:
    """So many cards of other machines, of which no more is known."""
    return Cards(["GPU"] * int(count), lambda: None)


def smallest_memory() -> float | None:
    """Bytes of the smallest card of this machine; None where its driver's tool does not say."""
    if shutil.which("nvidia-smi") is None:
        return None
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SMI_TIMEOUT_S, check=True)
        return min((float(line) * 2**20 for line in ended.stdout.splitlines()), default=None)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def chosen_gpus(
    resources: Resources, cards: Cards, peak_bytes: Callable[[], float | None]
) -> tuple[Resources, str | None]:
    """Resources with a number of GPUs, and what to say of it; as they are, and None, where a number is written.

    Args:
        resources: Of one trial.
        cards: Those that there are.
        peak_bytes: The memory that the largest trial is known to take, or None; asked for where it matters.
    """
    if not resources.is_auto:
        return resources, None
    if not cards.models:
        return resources.with_gpus(0), None
    have = in_words(cards.models)
    if resources.workers > 1:
        enough = resources.workers <= len(cards.models)
        word = "a card for each worker" if enough else f"the CPU, as {resources.workers} workers need a card each"
        return resources.with_gpus(1 if enough else 0), f"gpus: auto on {have}: {word}"
    memory, peak = cards.memory_bytes(), peak_bytes()
    if memory is None or peak is None:
        return resources.with_gpus(1), f"gpus: auto on {have}: a card for each trial, until one has told its memory"
    fit = int(memory * (1 - RESERVE) / (peak * MARGIN + CONTEXT_BYTES))
    count = max(1, min(fit, MAX_TRIALS_A_CARD))
    share = floor(1 / count / SMALLEST_SHARE) * SMALLEST_SHARE
    word = f"{count} trials a card" if count > 1 else "a card for each trial"
    return resources.with_gpus(share), f"gpus: auto on {have}: {word}, as one has taken {peak / 2**30:.2g} GiB"


def peak_of(trials: Iterable[Trial], resources: Resources, uri: str, models: Sequence[str]) -> float | None:
    """The memory in bytes that finished trials of these kinds took on cards of these models, the largest kind's.

    None where some kind has none, as it may be the largest. Raises UserError where MLflow cannot be read.
    """
    recorded: dict[str, float] = {}
    for cost in costs(uri):
        if cost.device in models and cost.peak_memory_bytes:
            recorded[cost.shape.alike] = max(recorded.get(cost.shape.alike, 0.0), cost.peak_memory_bytes)
    if not recorded:
        return None
    readers = [Shapes(resources.with_gpus(share)) for share in _shares()]
    peaks = [max((recorded.get(reader.of(trial).alike, 0.0) for reader in readers), default=0.0) for trial in trials]
    return max(peaks) if peaks and all(peaks) else None


def _shares() -> Iterator[float]:
    """Every share that `chosen_gpus` gives: a record is of a trial that ran with one of them."""
    for count in range(1, MAX_TRIALS_A_CARD + 1):
        yield floor(1 / count / SMALLEST_SHARE) * SMALLEST_SHARE
