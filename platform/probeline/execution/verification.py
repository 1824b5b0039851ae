"""Proof by replay: finished trials run again from their stored recipes, and every number compared."""

import json
import math
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from probeline.core.events import Record
from probeline.errors import UserError
from probeline.execution.planning.plan import Plan
from probeline.experiment import identity
from probeline.experiment.resolved import from_dict
from probeline.experiment.trial import Trial
from probeline.statistics.intervals import Interval
from probeline.statistics.prediction import another_value
from probeline.tracking.reading.verification import StoredTrial, differing
from probeline.tracking.writing.provenance import conditions

Verdict = Literal["equal", "within the seeds' interval", "differs", "cannot tell"]
UNCOMPARED = "cost/"
"""Metrics that no replay repeats: times and memory."""


@dataclass(frozen=True)
class Replayed:
    """One trial run again.

    `same_machine`: whether instruction set, device and versions are those of the record, so that bits should be equal.
    `differs`: what of these is not. `unequal`: metric -> (recorded, replayed) where these are not equal to the bit.
    """

    trial: Trial
    run_id: str
    verdict: Verdict
    compared: int
    same_machine: bool
    differs: tuple[str, ...] = ()
    unequal: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    reason: str = ""

    @property
    def good(self) -> bool:
        """Whether the record stands."""
        return self.verdict in ("equal", "within the seeds' interval")

    def __str__(self) -> str:
        name = f"{self.trial.cell.label} seed={self.trial.seed}  trial {self.trial.id}"
        numbers = f"{self.compared} numbers" if not self.unequal else f"{len(self.unequal)} of {self.compared} numbers"
        worst = max(self.unequal.items(), key=lambda item: _gap(*item[1]), default=None)
        parts = [f"{self.verdict}  {name}: {numbers}{' unequal' if self.unequal else ' equal to the bit'}"]
        parts += [f"{worst[0]} {worst[1][0]:.6g} recorded, {worst[1][1]:.6g} replayed"] if worst else []
        parts += [self.reason] if self.reason else []
        parts += [f"not as recorded: {', '.join(self.differs)}"] if self.differs else []
        return "; ".join(parts)


def _gap(recorded: float, replayed: float) -> float:
    return abs(recorded - replayed) / max(abs(recorded), abs(replayed), 1e-12)


def chosen(plan: Plan, share: float, seed: int) -> list[Trial]:
    """A random share of the plan's finished trials, at least one; the same `seed` chooses the same ones.

    Raises UserError where the share is not above 0 and at most 1, or nothing has finished.
    """
    if not 0 < share <= 1:
        raise UserError(f"--share {share:g}: allowed: above 0, at most 1, such as 0.05")
    finished = [trial for trial in plan.trials if plan.statuses[trial.id].status == "finished"]
    if not finished:
        raise UserError(f"{plan.experiment.name}: no trial has finished, so there is nothing to run again")
    ordered = sorted(finished, key=lambda trial: trial.id)
    return random.Random(seed).sample(ordered, max(1, math.ceil(share * len(ordered) - 1e-9)))


def replays(plan: Plan, trials: Sequence[Trial], stored: Mapping[str, StoredTrial]) -> Iterator[Replayed]:
    """Each trial run again in this process, in a temporary folder, one after another; nothing is written elsewhere.

    Args:
        trials: Those to run again.
        stored: What is recorded of these and of the other seeds of their cells, by trial id.
    """
    for trial in trials:
        record = stored[trial.id]
        others = [stored[each.id] for each in plan.trials if each.cell.label == trial.cell.label and each.id in stored]
        differs = differing(record.tags, conditions())
        try:
            again = replayed_trial(plan, trial, record)
            values = run_again(again, plan)
        except Exception as error:  # noqa: BLE001 (whatever a trial raises is the outcome of its replay)
            reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:300]}"
            yield Replayed(trial, record.run_id, "differs", 0, not differs, differs, {}, reason)
            continue
        yield compared(trial, record, values, others, differs)


def replayed_trial(plan: Plan, trial: Trial, record: StoredTrial) -> Trial:
    """The trial of the stored recipe. Raises UserError where that is not stored, or gives another id."""
    if record.recipe is None:
        raise UserError("its run has no recipe.json, so there is nothing to run it from")
    cell = replace(trial.cell, recipe=from_dict(record.recipe))
    again = identity.trial(cell, trial.seed, plan.digests)
    if again.id != trial.id:
        raise UserError(f"its stored recipe is that of trial {again.id}: the data or a plug-in has changed")
    return again


def run_again(trial: Trial, plan: Plan) -> dict[str, float]:
    """The last value of each metric of a trial, computed anew on this machine as a worker would. Raises TrialError."""
    import torch

    from probeline.training import heartbeat
    from probeline.training.device import CPU
    from probeline.training.trial import run
    from probeline.training.trial_storage import Storage

    each = plan.experiment.resources.each
    torch.set_num_threads(max(1, int(each["CPU"])))
    heartbeat.carry_on()
    device = torch.device("cuda", 0) if each["GPU"] and torch.cuda.is_available() else CPU
    steps: dict[str, tuple[int, float]] = {}
    with tempfile.TemporaryDirectory(prefix="probeline-verify-") as folder:
        for event in run(trial, Storage(Path(folder)), device):
            if isinstance(event, Record) and event.step >= steps.get(event.name, (0, 0.0))[0]:
                steps[event.name] = event.step, event.value
    return {name: value for name, (_, value) in steps.items() if not name.startswith(UNCOMPARED)}


def compared(
    trial: Trial,
    record: StoredTrial,
    values: Mapping[str, float],
    others: Sequence[StoredTrial],
    differs: tuple[str, ...],
) -> Replayed:
    """The verdict on one replay; `others`: the recorded trials of the cell, this one among them."""
    recorded = {name: value for name, value in record.metrics.items() if not name.startswith(UNCOMPARED)}
    missing = sorted(recorded.keys() ^ values.keys())
    unequal = {n: (recorded[n], values[n]) for n in recorded.keys() & values.keys() if recorded[n] != values[n]}
    outcome = Replayed(trial, record.run_id, "equal", len(recorded), not differs, differs, unequal)
    if missing:
        return replace(outcome, verdict="differs", reason=f"only on one side: {', '.join(missing[:5])}")
    if not unequal:
        return outcome
    if not differs:
        reason = "instruction set, device and versions are those of the record, so the bits should be equal"
        return replace(outcome, verdict="differs", reason=reason)
    intervals = {name: _interval(name, others) for name in unequal}
    if any(interval is None for interval in intervals.values()):
        return replace(outcome, verdict="cannot tell", reason="another machine, and fewer than 3 seeds to judge by")
    outside = [name for name, interval in intervals.items() if interval and not _holds(interval, unequal[name][1])]
    if outside:
        return replace(outcome, verdict="differs", reason=f"outside the seeds' interval: {', '.join(outside[:5])}")
    return replace(outcome, verdict="within the seeds' interval")


def _interval(name: str, others: Sequence[StoredTrial]) -> Interval | None:
    return another_value([other.metrics[name] for other in others if name in other.metrics])


def _holds(interval: Interval, value: float) -> bool:
    return interval.low <= value <= interval.high


def as_tag(replayed: Replayed) -> str:
    """What a trial's run says of its last replay, as JSON."""
    return json.dumps(
        {
            "verdict": replayed.verdict,
            "compared": replayed.compared,
            "unequal": len(replayed.unequal),
            "same_machine": replayed.same_machine,
            "not_as_recorded": list(replayed.differs),
            "reason": replayed.reason,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )


def as_dict(replayed: Replayed) -> dict[str, Any]:
    """A replay as JSON-able values."""
    named = {"trial_id": replayed.trial.id, "cell": replayed.trial.cell.label, "seed": replayed.trial.seed}
    values = {name: {"recorded": a, "replayed": b} for name, (a, b) in replayed.unequal.items()}
    return {**named, "run_id": replayed.run_id, **json.loads(as_tag(replayed)), "values": values}
