"""Omniglot's 20 runs of one-shot classification: 20 new characters each, one drawing to learn and one to name.

B. Lake, R. Salakhutdinov, J. Tenenbaum, "Human-level concept learning through probabilistic program induction",
Science 2015: within a run all characters are of one alphabet.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from probeline.core.lists import EpisodeList
from probeline.data.archives import reader
from probeline.data.archives.listing import Unreadable
from probeline.data.source_paths import reason, shown
from probeline.errors import BadData, UserError

LABELS = "class_labels.txt"
IMAGE = re.compile(r"(?:.*/)?(run\d+)/(training|test)/(class|item)\d+\.png")


@dataclass(frozen=True)
class OneShotRuns:
    """names: the images' in the archive; labels: int64 [N], classes of all runs; classes: their names; episodes."""

    names: list[str]
    labels: np.ndarray
    classes: tuple[str, ...]
    episodes: EpisodeList


def read_runs(path: Path) -> OneShotRuns:
    """What the runs' archive or folder lists. Raises BadData that names the file and line that is wrong, UserError."""
    listed = [name for name in reader.listing(path).names if "__MACOSX" not in name]
    support = sorted(name for name in listed if (match := IMAGE.fullmatch(name)) and match[2] == "training")
    if not support:
        raise UserError(f"{shown(path)}: no run01/training/class01.png; is it Omniglot's all_runs?")
    tables = {name for name in listed if name.endswith(f"/{LABELS}")}
    answers = dict(pair for name, text in reader.contents(path, tables) for pair in _answers(path, name, text, listed))
    if not answers:
        raise BadData(f"{shown(path)}: no {LABELS} names a drawing and its class; fetch the archive again")
    names = [*support, *sorted(answers)]
    classes = {name: number for number, name in enumerate(support)}
    labels = np.array([classes[answers.get(name, name)] for name in names], np.int64)
    readable = tuple(name.removesuffix(".png").replace("/training/", "/") for name in support)
    return OneShotRuns(names, labels, readable, _episodes(names, support, answers))


def _episodes(names: list[str], support: list[str], answers: Mapping[str, str]) -> EpisodeList:
    """One episode a drawing to name, against the drawings to learn of its own run."""
    rows = {name: row for row, name in enumerate(names)}
    by_run: dict[str, list[str]] = {}
    for name in support:
        by_run.setdefault(_run(name), []).append(name)
    ways = {len(members) for members in by_run.values()}
    if len(ways) > 1:
        raise BadData(
            f"runs have {min(ways)} to {max(ways)} classes; all need the same number: fetch the archive again"
        )
    queries = sorted(answers)
    numbers = {run: number for number, run in enumerate(by_run)}
    return EpisodeList(
        np.array([[[rows[name]] for name in by_run[_run(query)]] for query in queries], np.int64),
        np.array([rows[query] for query in queries], np.int64),
        np.array([by_run[_run(query)].index(answers[query]) for query in queries], np.int64),
        np.array([numbers[_run(query)] for query in queries], np.int64),
    )


def _run(name: str) -> str:
    return name.rsplit("/", 2)[0]


def _answers(path: Path, table: str, content: bytes | Unreadable, listed: list[str]) -> list[tuple[str, str]]:
    """(drawing to name, drawing of its class) of every line `run01/test/item01.png run01/training/class08.png`."""
    where = f"{shown(path)}/{shown(table)}"
    try:
        lines = content.decode("ascii").splitlines() if isinstance(content, bytes) else []
    except UnicodeDecodeError as error:
        raise BadData(f"{where}: {reason(error)}; fetch the archive again") from error
    if isinstance(content, Unreadable):
        raise BadData(f"{where}: {content.reason}; fetch the archive again")
    above, present, pairs = _run(f"{table}/").rpartition("/")[0], set(listed), []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        pair = [f"{above}/{name}" if above else name for name in line.split()]
        absent = [name for name in pair if name not in present]
        if len(pair) != 2 or absent or _run(pair[0]) != _run(pair[1]):
            what = f"{shown(absent[0])} is absent" if absent else "two drawings of one run are needed"
            raise BadData(f"{where}:{number}: {what}; fetch the archive again")
        pairs.append((pair[0], pair[1]))
    return pairs
