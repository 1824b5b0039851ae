"""Iris: 150 flowers of 3 species by 4 lengths in cm, embedded in scikit-learn.

R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics, 1936.
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
    return table_file("iris")


def read(config: Config) -> ReadSplits:
    """Train and test."""
    return read_table("load_iris", config)
