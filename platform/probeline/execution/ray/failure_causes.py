"""Kinds of failure of workers that died, from Ray's errors and the watchdog's notes."""

import json
from pathlib import Path

from ray.exceptions import ActorDiedError, OutOfMemoryError, RayTaskError

from probeline.execution.ray import nodes
from probeline.execution.ray.assigned_card import DeviceLost
from probeline.execution.ray.group import WorkerLost
from probeline.execution.ray.worker import Preempted, Retired
from probeline.experiment.trial import Trial

NODE_GONE = ("node has died", "node died", "node was terminated", "node is being drained", "node was drained")
EVICTED = ("running low on memory", "memory pressure", "out of memory (oom)")


def cause(error: Exception | None, text: str, trial: Trial, folder: Path) -> dict[str, str]:
    """`kind`, `message`, `traceback` of a trial whose worker died, and the `card` where a GPU is at fault.

    error: what Ray gave, where it can be read back; text: the same as text; folder: the run's, with the notes.
    """
    noted = _noted(folder / "alive", trial)
    if noted and noted["kind"] != "lost_worker":
        return noted
    if noted:
        error, text = None, noted["message"]
    low = text.lower()
    inner = error.as_instanceof_cause() if isinstance(error, RayTaskError) else error
    if isinstance(inner, Preempted):
        return _failure("preempted", "its worker was told to go (SIGTERM)", text)
    if isinstance(inner, OutOfMemoryError) or any(words in low for words in EVICTED):
        return _failure("evicted", "Ray ended its worker because the node's memory ran out", text)
    if (isinstance(inner, ActorDiedError) and inner.preempted) or any(words in low for words in NODE_GONE):
        return _failure("preempted", "its node went away", text)
    if nodes.took(inner):
        return _failure("preempted", "its node does not answer any more", text)
    if isinstance(inner, DeviceLost):
        return {**_failure("lost_device", last_line(inner.message.split("\n", 1)[0]), text), "card": inner.card}
    if isinstance(inner, WorkerLost):
        return _failure("lost_worker", last_line(str(inner)), text)
    if isinstance(error, RayTaskError):
        return _failure("error", f"the worker could not go on: {last_line(text)}", text)
    return _failure("lost_worker", f"the worker died: {last_line(text)}", text)


def _noted(folder: Path, trial: Trial) -> dict[str, str] | None:
    """The failure that the watchdog or the group's driver has noted of a trial; the note is removed."""
    hung, lost = folder / f"{trial.id}.hung", folder / f"{trial.id}.lost"
    if hung.exists():
        stacks = hung.read_text(encoding="utf-8", errors="replace")
        hung.unlink()
        message = "no heartbeat for resources.patience_minutes, so it was killed; traceback.txt says where it was"
        return {"kind": "hung", "message": message, "traceback": stacks}
    if lost.exists():
        failure = json.loads(lost.read_text(encoding="utf-8"))
        lost.unlink()
        return failure
    return None


def retired(error: Exception | None) -> bool:
    """Whether a worker ended itself before it started the trial, which is no failure."""
    return isinstance(error, RayTaskError) and isinstance(error.as_instanceof_cause(), Retired)


def last_line(text: str) -> str:
    """The last line of an error's text, which states the reason."""
    return (text.strip().splitlines() or ["no reason given"])[-1].strip()


def _failure(kind: str, message: str, text: str) -> dict[str, str]:
    return {"kind": kind, "message": message, "traceback": text}
