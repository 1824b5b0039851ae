"""Whose pictures a page shows: one finished trial of each of a few cells, and the files that it left."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from probeline.experiment.schema import Panels
from probeline.report.panels.image_compression import compact
from probeline.report.results.cells import CellResult
from probeline.report.results.layout import ReportLayout
from probeline.report.results.results import Results
from probeline.report.results.trial_files import COLUMNS, TrialFiles
from probeline.report.sentences.text import clean

MOST = 12  # cells
BYTES = 1_900_000  # of all pictures on a page, as files: a third more as text, and the whole page stays below 10 MB
FORMAT = 1  # of the JSON files, as evaluation writes them
OTHERS = (
    "`report: {panels: {cells: [...], seed: ...}}` names others, and every trial has its pictures among its run's "
    "artifacts in MLflow."
)
NEEDED = ("cell", "seed", "status", "trial_id", "run_id", "recipe", "notes")


@dataclass(frozen=True)
class SelectedTrial:
    """A trial whose pictures are shown, or a cell that has none: `trial_id` is then "" and `why` says why.

    `protocols`: those of its recipe, in order; `notes`: why one of them gave nothing; `files`: name -> content.
    """

    cell: str
    seed: int | None = None
    trial_id: str = ""
    run_id: str | None = None
    protocols: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    why: str = ""

    def facts(self, name: str) -> dict[str, Any] | None:
        """A JSON file as evaluation wrote it; None where it is not there. Raises ValueError for any other content."""
        if name not in self.files:
            return None
        content = json.loads(self.files[name])
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"{name} is not of format {FORMAT}")
        return content


@dataclass(frozen=True)
class TrialSelection:
    """The chosen trials in the plan's order; `of`: how many cells there are, `left_out`: trials for want of room."""

    shown: tuple[SelectedTrial, ...] = ()
    of: int = 0
    left_out: tuple[str, ...] = ()

    def with_files(self, trial_files: TrialFiles) -> "TrialSelection":
        """With what each trial left, as far as a page has room; a file that stands in several counts once."""
        files: dict[str, dict[str, bytes]] = {}
        for row in trial_files.table[list(COLUMNS)].itertuples(index=False):
            content = bytes(row.content)
            small = compact(content) if str(row.name).endswith(".png") else content
            files.setdefault(str(row.trial_id), {})[str(row.name)] = small
        room, shown, omitted = BYTES, [], []
        seen: set[bytes] = set()
        for one in self.shown:
            own = files.get(one.trial_id, {})
            fresh = set(own.values()) - seen
            size = sum(map(len, fresh))
            if size > room:
                omitted.append(one.cell)
                continue
            room, seen = room - size, seen | fresh
            shown.append(replace(one, files=own))
        return replace(self, shown=tuple(shown), left_out=tuple(omitted))

    def omissions(self) -> tuple[str, ...]:
        """What of the experiment is not here, and how to see it."""
        sentences = []
        count = len(self.shown)
        if count + len(self.left_out) < self.of:
            sentences.append(f"{count} of {self.of} cells are shown, one of each line first; {OTHERS}")
        if self.left_out:
            sentences.append(f"For want of room left out: {', '.join(map(clean, self.left_out))}; {OTHERS}")
        return tuple(sentences)


def choose(results: Results, metric: str, shape: ReportLayout, asked: Panels) -> TrialSelection:
    """The cells that are asked for, else MOST at most, one of each line first; of each the seed asked for, or first."""
    cells, trials = results.cells(metric, shape), results.trials
    selected = _spread(cells) if asked.cells is None else [cell for cell in cells if cell.label in asked.cells]
    by_cell: dict[str, list[dict[str, Any]]] = {cell.label: [] for cell in selected}
    some = trials[trials["cell"].isin(list(by_cell))]  # a frame of 5,000 trials takes long as records
    for row in some[[name for name in NEEDED if name in some]].astype(object).to_dict("records"):
        by_cell[str(row["cell"])].append(row)
    return TrialSelection(tuple(_one(cell.label, by_cell[cell.label], asked.seed) for cell in selected), len(cells))


def _spread(results: Sequence[CellResult]) -> list[CellResult]:
    """MOST cells at most, in their order: the first of each line, then the second of each."""
    turn: dict[str, int] = {}
    order = []
    for index, cell in enumerate(results):
        turn[cell.line] = turn.get(cell.line, 0) + 1
        order.append((turn[cell.line], index))
    return [results[index] for index in sorted(index for _, index in sorted(order)[:MOST])]


def _one(label: str, rows: Sequence[dict[str, Any]], seed: int | None) -> SelectedTrial:
    wanted = [row for row in rows if seed is None or row["seed"] == seed]
    done = sorted((row for row in wanted if row["status"] == "finished"), key=lambda row: row["seed"])
    row = done[0] if done else rows[0]
    recipe = row["recipe"] if isinstance(row.get("recipe"), dict) else {}
    protocols = tuple(recipe.get("evaluation") or ())
    if not done:
        which = "no trial" if seed is None else f"no trial of seed {seed}"
        return SelectedTrial(label, protocols=protocols, why=f"{which} has finished")
    notes = row["notes"] if isinstance(row.get("notes"), dict) else {}
    run_id = row["run_id"] if isinstance(row.get("run_id"), str) else None
    return SelectedTrial(label, int(row["seed"]), str(row["trial_id"]), run_id, protocols, notes)
