"""A list of pairs from a file of lines `a,b,same`."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from probeline.core.dataset import Split
from probeline.core.lists import PairList
from probeline.data.pair_lists import contradiction
from probeline.data.source_paths import reason, shown
from probeline.errors import UserError
from probeline.storage.regular_files import read_regular

MAX_BYTES = 2**28
"""Of a file of pairs."""

ANSWERS = {"1": True, "true": True, "same": True, "0": False, "false": False, "different": False}
"""What the third column may hold, in small letters."""


def read_pairs(path: Path, rows: Mapping[str, int]) -> PairList:
    """The pairs of a file: lines `a,b,same` with samples by name and 1 or 0, under a header of these words or none.

    Args:
        rows: sample name -> its row.

    Raises:
        UserError: the file cannot be read, a line is malformed, or it names a sample that is not there, one sample
            twice, a pair that an earlier line has, or a pair that contradicts earlier ones; the line is given.
    """
    listed: dict[tuple[int, int], tuple[bool, int]] = {}
    for line, fields in _lines(path):
        first, second, same = _parsed(f"{shown(path)}:{line}", fields, rows)
        key = min(first, second), max(first, second)
        if key in listed:
            before, its_line = listed[key]
            what = "has this pair" if before == same else "says the opposite of this pair"
            raise UserError(f"{shown(path)}:{line}: line {its_line} {what}; remove one of the two")
        listed[key] = same, line
    if not listed:
        raise UserError(f"{shown(path)}: no pairs; each line is a,b,same")
    sides = np.array(list(listed), np.int64)
    pairs = PairList(sides[:, 0], sides[:, 1], np.array([same for same, _ in listed.values()]))
    if chain := contradiction(pairs):
        names = {row: name for name, row in rows.items()}
        line = listed[min(chain[0], chain[-1]), max(chain[0], chain[-1])][1]
        linked = " = ".join(shown(names[row]) for row in chain)
        raise UserError(f"{shown(path)}:{line}: the pair is different, but other lines say {linked}; remove one")
    return pairs


def with_pairs(splits: Mapping[str, Split], names: Mapping[str, Sequence[str]], path: Path) -> dict[str, Split]:
    """The splits with the pairs of a file as the list `pairs`, each pair in the split that holds its samples.

    Args:
        names: of every split the samples' names by row.

    Raises:
        UserError: as `read_pairs` does; or the samples of a pair are in two splits.
    """
    samples = [(split, row) for split in splits for row in range(len(splits[split]))]
    every = [name for split in splits for name in names[split]]
    pairs = read_pairs(path, {name: number for number, name in enumerate(every)})
    for first, second in zip(pairs.first, pairs.second, strict=True):
        homes = samples[first][0], samples[second][0]
        if homes[0] != homes[1]:
            raise UserError(
                f"{shown(path)}: {shown(every[first])} is in {homes[0]} and {shown(every[second])} in {homes[1]}; "
                "a pair's samples are in one split: remove the pair or divide the samples otherwise"
            )
    with_list = {}
    for split, own in splits.items():
        rows = np.array([row if home == split else -1 for home, row in samples], np.int64)
        listed = pairs.renumbered(rows)
        with_list[split] = replace(own, lists={**own.lists, "pairs": listed}) if len(listed) else own
    return with_list


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Line numbers and fields; blank lines, comments (#) and a header are passed over."""
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise UserError(
            f"{shown(path)}: cannot be read: {reason(error)}; give a text file of lines a,b,same"
        ) from error
    reader = csv.reader(io.StringIO(text))
    lines = [(reader.line_num, [field.strip() for field in fields]) for fields in reader]
    rows = [(line, fields) for line, fields in lines if any(fields) and not fields[0].startswith("#")]
    return rows[1:] if rows and rows[0][1] == ["a", "b", "same"] else rows


def _parsed(where: str, fields: list[str], rows: Mapping[str, int]) -> tuple[int, int, bool]:
    if len(fields) != 3:
        raise UserError(f"{where}: {len(fields)} fields; a pair is a,b,same")
    a, b, answer = fields
    if answer.lower() not in ANSWERS:
        raise UserError(f"{where}: same is {shown(answer)!r}; allowed: {', '.join(ANSWERS)}")
    for name in (a, b):
        if name not in rows:
            raise UserError(f"{where}: no sample is named {shown(name)!r}; names are as `probeline data` lists them")
    if rows[a] == rows[b]:
        raise UserError(f"{where}: a pair of {shown(a)!r} with itself; remove it")
    return rows[a], rows[b], ANSWERS[answer.lower()]
