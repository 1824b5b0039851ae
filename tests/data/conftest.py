"""A cache of its own for every test, and the real data sets where this machine has them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data sets beside the repository, or PROBELINE_SHARED_DATA."""
    beside = Path(__file__).parents[2] / ".." / "shared" / "data"
    folder = Path(os.environ.get("PROBELINE_SHARED_DATA") or beside).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data sets at {folder}; set PROBELINE_SHARED_DATA")
    return folder
