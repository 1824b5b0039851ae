"""What lies in a run's folder, and what of it no finished trial needs any more."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from probeline.errors import UserError
from probeline.execution.planning.plan import Plan, settled
from probeline.execution.run import only_run
from probeline.storage.paths import RemotePath, StoragePath, remove


@dataclass(frozen=True)
class StoredItem:
    """One thing in a storage: its path, bytes, and why nobody needs it."""

    path: StoragePath
    size: int
    why: str


def unneeded(folder: StoragePath, plans: Iterable[Plan]) -> list[StoredItem]:
    """What no plan needs: encoders and checkpoints of no trial in them, files that a crash left, copies of artifacts.

    A plan needs the encoders of all its trials, as a new protocol on them trains nothing, and the checkpoints of those
    that have not settled; all of both while a study has still to choose. Artifacts of finished trials are in MLflow;
    these are copies.
    """
    plans = list(plans)
    trials = [(trial, plan) for plan in plans for trial in plan.trials]
    encoders = {trial.encoder_id for trial, _ in trials}
    open_ids = {trial.encoder_id for trial, plan in trials if not settled(plan.statuses[trial.id])}
    done = {trial.id for trial, plan in trials if plan.statuses[trial.id].status == "finished"}

    searching = any(plan.studies for plan in plans)  # what a study has still to try is in no plan
    items = []
    for path in _inside(folder / "encoders"):
        if path.name.endswith(".part") or (path.name not in encoders and not searching):
            items.append(_item(path, "left by a crash" if path.name.endswith(".part") else "an encoder of no trial"))
    for path in _inside(folder / "checkpoints"):
        if path.name.endswith(".part"):
            items.append(_item(path, "left by a crash"))
        elif path.stem not in open_ids and not searching:
            items.append(_item(path, "a checkpoint of no trial that is still to run"))
    items += [_item(path, "a copy; MLflow has it") for path in _inside(folder / "artifacts") if path.name in done]
    return items


@contextmanager
def nobody_runs(folder: Path, plans: Iterable[Plan]) -> Iterator[None]:
    """Holds the locks of the plans' experiments, so that no run of theirs writes here meanwhile. Raises UserError."""
    with ExitStack() as held:
        for name in dict.fromkeys(plan.experiment.name for plan in plans):
            held.enter_context(only_run(folder, name))
        yield


def remove_all(items: Iterable[StoredItem]) -> None:
    """Deletes them. Raises UserError where one cannot be deleted."""
    for item in items:
        try:
            remove(item.path)
        except OSError as error:
            raise UserError(f"{item.path}: cannot be removed ({error})") from error


def text(items: list[StoredItem], deleted: bool) -> str:
    """What was found, for a person."""
    if not items:
        return "nothing to remove: everything here is needed"
    total = sum(item.size for item in items)
    lines = [f"{item.size / 2**20:9.1f} MiB  {item.path}  ({item.why})" for item in items]
    end = "removed" if deleted else "listed only; --delete removes them"
    return "\n".join([*lines, f"{total / 2**20:9.1f} MiB  in {len(items)} items: {end}"])


def _inside(folder: StoragePath) -> list[Path] | list[RemotePath]:
    if isinstance(folder, RemotePath):
        return sorted(folder.iterdir())
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _item(path: StoragePath, why: str) -> StoredItem:
    if isinstance(path, RemotePath):
        return StoredItem(path, path.size(), why)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return StoredItem(path, sum(file.stat().st_size for file in files), why)
