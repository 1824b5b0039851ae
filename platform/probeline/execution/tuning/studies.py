"""A run's studies: whose turn it is to ask, what each has chosen, and its winner's trials.

A study's history, and what it chose, are in MLflow as one run of kind `study`.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from probeline.core.events import Artifact, Record
from probeline.execution.tuning.search import Search
from probeline.experiment.trial import Trial
from probeline.experiment.tuned import Study
from probeline.tracking.reading.studies import DOCUMENT, VALUE
from probeline.tracking.writing.writer import Writer


class Studies:
    """A scheduler's source: the studies' trials in turn, then the reported trials seed by seed."""

    def __init__(
        self,
        studies: Sequence[Study],
        folder: Path,
        writer: Writer,
        winners: Callable,
        seeds: Sequence[int],
        later: Sequence[Trial],
    ) -> None:
        """`winners(study, values)`: the trials of a winner that have still to run.

        `seeds`: the report's, in order. `later`: trials that are known already and can wait.
        """
        self.searches = {study.id: Search(study, folder / "studies") for study in studies}
        self.writer, self.winners = writer, winners
        self.seed_order = {seed: position for position, seed in enumerate(seeds)}
        self.owner: dict[str, str] = {}
        self.ready = list(later)
        self.begun, self.closed = set[str](), set[str]()

    def next(self) -> Trial | None:
        for study_id in [each for each in self.searches if each not in self.closed]:
            self._begin(study_id)
            self._close(study_id)
            trial = self.searches[study_id].next()
            if trial is not None:
                self.owner[trial.id] = study_id
                self.searches[study_id] = self.searches.pop(study_id)  # the others first, next time
                return trial
        return self.ready.pop(0) if self.ready else None

    def tags(self, trial: Trial) -> dict[str, str]:
        """Further tags of a tuning trial's run."""
        if trial.id not in self.owner:
            return {}
        search = self.searches[self.owner[trial.id]]
        asked, _ = search.open[trial.id]
        return {"kind": "tuning", "study_id": self.owner[trial.id], "study_trial": str(asked.number)}

    def heard(self, trial: Trial, records: Sequence[Record]) -> bool:
        return trial.id not in self.owner or self.searches[self.owner[trial.id]].heard(trial, records)

    def ended(self, trial: Trial, failure: str | None) -> None:
        study_id = self.owner.pop(trial.id, None)
        if study_id is not None:
            record = self.searches[study_id].ended(trial, failure)
            self.writer.records(study_id, [record] if record else [])
            self._close(study_id)

    @property
    def waiting(self) -> list[Trial]:
        return self.ready

    def _begin(self, study_id: str) -> None:
        """Opens the study's run, and records again what its journal holds."""
        if study_id in self.begun:
            return
        self.begun.add(study_id)
        search = self.searches[study_id]
        tags = {"kind": "study", "study": search.tune.model_dump_json(by_alias=True, exclude_none=True)}
        self.writer.started(Trial(study_id, study_id, search.plan.cell, 0), tags=tags)
        self._say_history(study_id)

    def _say_history(self, study_id: str) -> None:
        done = [point for point in self.searches[study_id].history() if point["value"] is not None]
        self.writer.records(study_id, [Record(VALUE, p["value"], p["number"] + 1) for p in done])

    def _close(self, study_id: str) -> None:
        """Records what a study has chosen once it is over, and queues its winner's trials."""
        search = self.searches[study_id]
        if study_id in self.closed or not search.over:
            return
        self.closed.add(study_id)
        best, history = search.best(), search.history()
        if best is None:
            self.writer.failed(study_id, "error", f"none of {len(history)} tuning trials could be judged")
            return
        self._say_history(study_id)  # with those that shared another's outcome; what was recorded before stays
        values, score = best
        result = {"chosen": values, "score": score, "trials": history, "importance": search.importance()}
        file = self.writer.workdir / "studies" / f"{study_id}.json"
        file.write_text(json.dumps(result, indent=1), encoding="utf-8")
        self.writer.artifacts(study_id, [Artifact(DOCUMENT, file)])
        self.writer.tags(study_id, {"chosen": json.dumps(values), "study_trials": str(len(history))})
        self.writer.finished(study_id)
        self.ready += self.winners(search.plan, values)
        self.ready.sort(
            key=lambda trial: self.seed_order[trial.seed]
        )  # one seed of every cell before the second of any
