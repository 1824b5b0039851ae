"""WikiText-2: articles of Wikipedia, 2.1 million words for training, 218 thousand and 246 thousand beside them.

Merity, Xiong, Bradbury, Socher: Pointer Sentinel Mixture Models, ICLR 2017, arXiv 1609.07843.
"""

from pathlib import Path

from probeline.data.read_report import ReadSplits
from probeline.data.source_paths import shown
from probeline.data.text.own_folder import folder_of
from probeline.data.text.reading import read_text
from probeline.data.text.settings import NamedRunningText
from probeline.data.text.token_splits import running_text
from probeline.data.text.wikitext import articles_of
from probeline.errors import UserError

GIVES = "tokens"
LABELS = ()
LISTS = ()

NAMES = {
    "train": ("wiki.train.tokens", "train.txt"),
    "validation": ("wiki.valid.tokens", "valid.txt"),
    "test": ("wiki.test.tokens", "test.txt"),
}
SOURCE = "https://huggingface.co/datasets/Salesforce/wikitext, or examples/word_language_model of pytorch/examples"


class Config(NamedRunningText):
    """Documents are articles. Without the training file, articles of the validation file are the training split.

    The published text writes rare words as <unk>; they stay as they are.
    """


def files(config: Config) -> list[Path]:
    """The files that are there; test is needed, and train or validation. Raises UserError."""
    return list(_files(config).values())


def read(config: Config) -> ReadSplits:
    """The three splits."""
    documents = {split: articles_of(read_text(file)) for split, file in _files(config).items()}
    if "train" in documents:
        return running_text(documents, config, [])
    articles = documents.pop("validation")
    count = max(1, len(articles) // 10)
    documents |= {"train": articles[:-count], "validation": articles[-count:]}
    remark = f"no training file: {len(articles) - count} articles of the validation file are the training split"
    return running_text(documents, config, [f"{remark}, its last {count} the validation split"])


def _files(config: Config) -> dict[str, Path]:
    folder = folder_of(config, "wikitext2", NAMES["test"], SOURCE)
    there = {split: [folder / name for name in names if (folder / name).is_file()] for split, names in NAMES.items()}
    files = {split: paths[0] for split, paths in there.items() if paths}
    if len(files) < 2:
        raise UserError(f"data set wikitext2: {shown(folder)} has the test file alone; its files are at {SOURCE}")
    return files
