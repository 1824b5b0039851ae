"""Parquet files of frames, with the names of the columns that hold JSON text in the file's metadata."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

ATTRIBUTES = b"PANDAS_ATTRS"
"""The key under which pandas keeps a frame's own metadata: who reads the file with pandas has it too."""

JSON_COLUMNS = "probeline.json_columns"


def write(frame: pd.DataFrame, file: Path, json_columns: Sequence[str]) -> None:
    """Write a frame without its index."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    attributes = json.dumps({JSON_COLUMNS: list(json_columns)}).encode()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), ATTRIBUTES: attributes})
    parquet.write_table(table, file)


def json_columns(file: Path) -> frozenset[str]:
    """The columns that hold JSON text; none where the metadata name none. Raises OSError, ValueError."""
    metadata = parquet.read_schema(file).metadata or {}
    return frozenset(json.loads(metadata.get(ATTRIBUTES, b"{}")).get(JSON_COLUMNS, ()))
