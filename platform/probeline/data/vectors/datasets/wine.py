"""Wine: 178 Italian wines of 3 cultivars by 13 chemical measures, embedded in scikit-learn.

M. Forina et al., "PARVUS", Genoa, 1988; UCI.
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
    return table_file("wine_data")


def read(config: Config) -> ReadSplits:
    """Train and test."""
    return read_table("load_wine", config)
