"""SST-2: sentences of film reviews, negative or positive; 6,920 for training, 872 for validation, 1,821 for testing.

Socher et al.: Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank, EMNLP 2013. The files are
sentence TAB 0 or 1; they have whole sentences, not the phrases of GLUE's training split.
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

NAMES = {"train": "train.tsv", "validation": "dev.tsv", "test": "test.tsv"}


class Config(NamedText):
    """No parameters of its own."""


def files(config: Config) -> list[Path]:
    """The three files. Raises UserError."""
    source = "https://github.com/clairett/pytorch-sentiment-classification (data/SST2)"
    folder = folder_of(config, "sst2", (NAMES["train"],), source)
    return [folder / name for name in NAMES.values()]


def read(config: Config) -> ReadSplits:
    """The three splits, as they are published: some sentences occur twice."""
    rows = {split: rows_of(path, header=False, quoted=False) for split, path in zip(NAMES, files(config), strict=True)}
    return table_splits(rows, [["1"]], {"class": "2"}, config, 0.2, names={"class": ("negative", "positive")})
