"""AG News: title and beginning of news articles of four sections; 120,000 for training, 7,600 for testing.

Zhang, Zhao, LeCun: Character-level Convolutional Networks for Text Classification, NeurIPS 2015, arXiv 1509.01626.
"""

from pathlib import Path

from probeline.data.read_report import ReadSplits
from probeline.data.text.own_folder import folder_of
from probeline.data.text.settings import NamedText
from probeline.data.text.table_texts import table_splits
from probeline.data.text.tables import rows_of

GIVES = "tokens"
LABELS = ("class",)
LISTS = ()

TRAIN, TEST = "train.csv", "test.csv"
CLASSES = ("World", "Sports", "Business", "Sci/Tech")
HELD_OUT = 0.25


class Config(NamedText):
    """Without train.csv, a quarter of test.csv, by class, is the test split and the rest stands for the training."""


def files(config: Config) -> list[Path]:
    """test.csv, and train.csv where it is there. Raises UserError."""
    folder = folder_of(config, "ag_news", (TEST,), "https://github.com/mhjabreel/CharCnn_Keras (data/ag_news_csv)")
    return [path for path in (folder / TRAIN, folder / TEST) if path.name == TEST or path.is_file()]


def read(config: Config) -> ReadSplits:
    """Title and text, joined."""
    rows = {path.stem: rows_of(path, header=False) for path in files(config)}
    remarks = []
    if "train" not in rows:
        rows = {"train": rows["test"]}
        remarks.append(f"no {TRAIN}: {1 - HELD_OUT:.0%} of {TEST} are the training split, numbers are not the paper's")
    return table_splits(rows, [["2", "3"]], {"class": "1"}, config, HELD_OUT, remarks, {"class": CLASSES})
