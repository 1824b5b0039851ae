"""Scores of equal and unequal pairs as a file from which a report draws their histogram."""

import json
from pathlib import Path

import numpy as np

FORMAT = 1
"""Of the file; a reader refuses another."""
BINS = 50


def write_histogram(scores: np.ndarray, same: np.ndarray, path: Path) -> Path:
    """A JSON file with the edges of BINS equal bins and how many equal and unequal pairs are in each.

    scores: finite [P]; same: bool [P].
    """
    low, high = float(scores.min()), float(scores.max())
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    counts = {
        name: np.histogram(scores[kind], edges)[0].tolist() for name, kind in (("equal", same), ("unequal", ~same))
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"format": FORMAT, "edges": edges.tolist(), **counts}, allow_nan=False))
    return path
