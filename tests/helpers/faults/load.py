"""What one of the processes does that write to one server at once."""

import os
from pathlib import Path

from helpers.trial_events import info, trial
from probeline.core.events import Artifact, Note, Record
from probeline.tracking.writing.writer import Writer

EACH = 25
POINTS = 20


def trials_of(process: int) -> list[int]:
    """The numbers of a process' trials."""
    return [process * 100 + index for index in range(EACH)]


def expected(number: int) -> str:
    """How a trial ends: most finish; of every process, one fails and one is stopped."""
    return {7: "failed", 9: "missing"}.get(number % 100, "finished")


def top1(number: int) -> float:
    """A value that no other trial has."""
    return number / 10_000


def write(uri: str, folder: Path, process: int, start: int, die_in: int | None = None) -> None:
    """Says a process' trials from number `start` on through one writer; in the middle of `die_in` it is gone."""
    folder.mkdir(exist_ok=True)
    with Writer(uri, info("under_load"), folder) as writer:
        for number in trials_of(process)[start:]:
            said = trial(number)
            writer.started(said, tags={"git_commit": "abc"})
            for step in range(1, POINTS + 1):
                writer.records(said.id, [Record("train/loss", 1 / step, step)])
                if number == die_in and step == POINTS // 2:
                    os._exit(9)
            if number % 5 == 0:
                file = folder / f"{number}.json"
                file.write_text(str(number))
                writer.artifacts(said.id, [Artifact("knn/answer.json", file)])
            writer.notes(said.id, [Note("knn", f"trial {number}")])
            writer.records(said.id, [Record("knn/top1", top1(number))])
            if expected(number) == "failed":
                writer.failed(said.id, "diverged", "loss is nan")
            elif expected(number) == "missing":
                writer.interrupted(said.id)
            else:
                writer.finished(said.id)
        unsent = writer.close(timeout=600)
    if unsent:
        raise RuntimeError(str(unsent))
