"""STS-B: pairs of sentences whose likeness people judged from 0 to 5; 5,749 for training, 1,500 for development.

Cer, Diab, Agirre, Lopez-Gazpio, Specia: SemEval-2017 Task 1, arXiv 1708.00055. Each sentence is a sample; the list
`sts` pairs them, and the label `score` of both is what people judged, in thousandths.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from probeline.core.lists import PairList
from probeline.data.read_report import ReadSplits
from probeline.data.split import SPLIT_SEED
from probeline.data.text.own_folder import folder_of
from probeline.data.text.settings import NamedText
from probeline.data.text.tables import Row, rows_of
from probeline.data.text.token_splits import Texts, sentences
from probeline.errors import BadData

GIVES = "tokens"
LABELS = ()
LISTS = {"sts": "pairs"}

TRAIN, DEVELOPMENT, TEST = "sts-train.csv", "sts-dev.csv", "sts-test.csv"
SCORE, FIRST, SECOND = "5", "6", "7"
SAME = 4.0
"""A score of 4 is `mostly equivalent`: from there on a pair counts as the same."""
HELD_OUT = 0.1


class Config(NamedText):
    """Without sts-test.csv, sts-dev.csv is the test split, and a tenth of the training pairs the validation split."""


def files(config: Config) -> list[Path]:
    """The files that are there; training and development are needed. Raises UserError."""
    folder = folder_of(config, "stsb", (TRAIN,), "http://ixa2.si.ehu.eus/stswiki (STSbenchmark)")
    needed = [folder / TRAIN, folder / DEVELOPMENT]
    return [*needed, folder / TEST] if (folder / TEST).is_file() else needed


def read(config: Config) -> ReadSplits:
    """The three splits of sentences, with their pairs."""
    train, development, *test = (rows_of(path, header=False, quoted=False, separator="\t") for path in files(config))
    if test:
        rows, remarks = {"train": train, "validation": development, "test": test[0]}, []
    else:
        order = np.random.Generator(np.random.PCG64(SPLIT_SEED)).permutation(len(train))
        held = set(order[: round(HELD_OUT * len(train))].tolist())
        rows = {"train": [row for number, row in enumerate(train) if number not in held], "test": development}
        rows["validation"] = [row for number, row in enumerate(train) if number in held]
        remarks = [f"no {TEST}: {DEVELOPMENT} is the test split, {HELD_OUT:.0%} of {TRAIN} the validation split"]
    return sentences({split: _texts(some) for split, some in rows.items()}, config, {}, remarks)


def _texts(rows: Sequence[Row]) -> Texts:
    scores = np.array([_score(row) for row in rows])
    first = np.arange(len(rows), dtype=np.int64) * 2
    samples = [(row.cell(column),) for row in rows for column in (FIRST, SECOND)]
    thousandths = np.repeat(np.rint(1000 * scores).astype(np.int64), 2)
    pairs = PairList(first, first + 1, scores >= SAME)
    return Texts(samples, further={"score": thousandths}, lists={"sts": pairs})


def _score(row: Row) -> float:
    try:
        return float(row.cell(SCORE))
    except ValueError:
        message = f"{row.where}: score {row.cell(SCORE)!r} is no number from 0 to 5; download the file again"
        raise BadData(message) from None
