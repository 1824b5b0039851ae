"""Rows of a table as texts with labels: classes by name, in one numbering over all splits."""

from collections.abc import Mapping, Sequence

import numpy as np

from probeline.data.read_report import ReadSplits
from probeline.data.source_paths import shown
from probeline.data.split import stratified_order
from probeline.data.text.settings import TextSettings
from probeline.data.text.tables import Row
from probeline.data.text.token_splits import Texts, sentences
from probeline.errors import BadData

MAX_CLASSES = 10_000


def table_splits(
    rows: Mapping[str, Sequence[Row]],
    columns: Sequence[Sequence[str]],
    labels: Mapping[str, str],
    config: TextSettings,
    test: float,
    remarks: Sequence[str] = (),
    names: Mapping[str, tuple[str, ...]] | None = None,
) -> ReadSplits:
    """The splits of rows by split; without test rows a stratified share `test` of the training rows is held out.

    Args:
        columns: the columns of a sample's text, or of its two texts.
        labels: label -> its column, the main one first.
        names: what classes are called, by label; None: as in the table.

    Raises BadData, UserError.
    """
    empty = [split for split, some in rows.items() if not some]
    if empty:
        raise BadData(f"no row in the table of the {empty[0]} split; give a file with some")
    numbers, classes = labelled(rows, labels)
    texts = {split: Texts(texts_of(some, columns), numbers[split]) for split, some in rows.items()}
    if "test" not in texts:
        texts["train"], texts["test"] = _held_out(texts["train"], test)
        remarks = [*remarks, f"test: {len(texts['test'].samples):,} rows, held out at random by class"]
    return sentences(texts, config, {**classes, **(names or {})}, remarks)


def _held_out(texts: Texts, share: float) -> tuple[Texts, Texts]:
    main = next(iter(texts.labels.values()), np.full(len(texts.samples), -1))
    order = stratified_order(main)
    count = min(max(1, round(share * len(order))), len(order) - 1)
    return tuple(  # type: ignore[return-value]
        Texts([texts.samples[row] for row in rows], {name: labels[rows] for name, labels in texts.labels.items()})
        for rows in (np.sort(order[:-count]), np.sort(order[-count:]))
    )


def texts_of(rows: Sequence[Row], columns: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """A text for each group of columns, whose cells are joined by a space. Raises BadData for an empty text."""
    samples = []
    for row in rows:
        texts = tuple(" ".join(row.cell(column).strip() for column in group).strip() for group in columns)
        if not all(texts):
            raise BadData(f"{row.where}: an empty text; remove the row, or name other columns in data.text")
        samples.append(texts)
    return samples


def labelled(
    rows: Mapping[str, Sequence[Row]], columns: Mapping[str, str]
) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, tuple[str, ...]]]:
    """Split -> label -> int64 [N], -1 for an empty cell; and the classes of each label, in order.

    Classes that are numbers are in the order of the numbers. Raises BadData for a column without labels.
    """
    names = {label: _classes(rows, column) for label, column in columns.items()}
    numbers = {label: {name: number for number, name in enumerate(some)} for label, some in names.items()}
    labels = {
        split: {
            label: np.array([numbers[label].get(row.cell(column).strip(), -1) for row in some], np.int64)
            for label, column in columns.items()
        }
        for split, some in rows.items()
    }
    return labels, names


def _classes(rows: Mapping[str, Sequence[Row]], column: str) -> tuple[str, ...]:
    classes = {row.cell(column).strip() for some in rows.values() for row in some} - {""}
    if not classes or len(classes) > MAX_CLASSES:
        path = next(row.path for some in rows.values() for row in some)
        raise BadData(
            f"{shown(path)}: column {shown(column)} has {len(classes):,} different labels; a label has from 1 to "
            f"{MAX_CLASSES:,} classes: name another column in data.labels, or none"
        )
    return tuple(sorted(classes, key=_order))


def _order(name: str) -> tuple[bool, float, str]:
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name
