"""Breast cancer, Wisconsin diagnostic: 569 tumours of 2 kinds by 30 measures of cell nuclei, embedded in scikit-learn.

W. N. Street, W. H. Wolberg, O. L. Mangasarian, "Nuclear feature extraction for breast tumor diagnosis", SPIE 1993; UCI.
"""

from pathlib import Path

from probeline.data.read_report import ReadSplits
from probeline.data.vectors.embedded_tables import read_table, table_file
from probeline.data.vectors.table_settings import TableSettings

GIVES = "vector"


class Config(TableSettings):
    """Nothing of its own."""


def files(config: Config) -> list[Path]:
    """The table inside scikit-learn."""
    return table_file("breast_cancer")


def read(config: Config) -> ReadSplits:
    """Train and test."""
    return read_table("load_breast_cancer", config)
