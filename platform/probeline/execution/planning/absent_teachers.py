"""Teachers whose trials have finished and whose encoders the storage has lost: refused before anything trains.

A finished trial does not run again, as its record is in MLflow once; so nothing would train the encoder again.
"""

from collections.abc import Sequence
from functools import cache

from probeline.errors import UserError
from probeline.execution.planning.plan import Plan
from probeline.experiment.trial import FinishedTrial, Trial
from probeline.storage.paths import StoragePath

FILES = ("encoder.json", "encoder.safetensors")
"""What a student reads of its teacher."""

NAMED = 3
"""Absent encoders that the message names."""


def require_teachers(plan: Plan, todo: Sequence[Trial], storage: StoragePath) -> None:
    """Raises UserError where a trial of `todo` learns from an encoder of a finished trial that `storage` has not."""
    absent = _absent(plan, todo, storage)
    if not absent:
        return
    names = [f"{name} ({storage / 'encoders' / encoder_id})" for encoder_id, name in absent.items()]
    more = f" and {len(absent) - NAMED} more" if len(absent) > NAMED else ""
    raise UserError(
        f"method.targets: no encoder of {', '.join(names[:NAMED])}{more}: its trial has finished, so it is not trained "
        "again; copy the folder `encoder` of its artifacts there (`probeline show TRIAL` says where they are), name "
        "the --folder or --storage of its run, or delete its run in MLflow and run it again"
    )


def _absent(plan: Plan, todo: Sequence[Trial], storage: StoragePath) -> dict[str, str]:
    """The encoders of finished trials that are not there and that a trial needs: id -> the trial in words."""

    @cache
    def stored(encoder_id: str) -> bool:
        return all((storage / "encoders" / encoder_id / name).is_file() for name in FILES)

    ids = {trial.encoder_id: trial.id for trial in plan.trials if plan.statuses[trial.id].status == "finished"}
    trained = {trial.encoder_id for trial in todo}
    absent: dict[str, str] = {}
    for trial in todo:
        teacher, by_id = trial.teacher, isinstance(trial.cell.teacher, FinishedTrial)
        if teacher is None or teacher.encoder_id in trained or not (by_id or teacher.encoder_id in ids):
            continue
        if not stored(teacher.encoder_id) and not stored(trial.encoder_id):  # a trained student needs no teacher
            absent[teacher.encoder_id] = teacher.name if by_id else f"{teacher.name}, trial {ids[teacher.encoder_id]}"
    return absent
