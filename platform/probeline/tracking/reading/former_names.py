"""Runs of older versions, read as if they had been recorded with the protocols' names of today."""

import json
from collections.abc import Mapping
from typing import TypeVar

from probeline.plugins.locations import RENAMED, current, original
from probeline.tracking.server.mlflow_names import NOTE

CRASHED = "probeline.crashed_protocols"
"""The tag with the names, as JSON, of the protocols that crashed in a trial."""

PREFIXES = tuple(f"{former}/" for former in RENAMED["protocols"])
NOTES = tuple(f"{NOTE}{prefix}" for prefix in PREFIXES)
T = TypeVar("T")


def stored_names(name: str) -> tuple[str, ...]:
    """The names under which a protocol, or a metric `protocol/...`, may be stored: today's first."""
    return tuple(dict.fromkeys((name, original("protocols", name))))


def current_metrics(metrics: Mapping[str, T]) -> dict[str, T]:
    """The same metrics; of one that is stored under both names, today's holds the value."""
    former = {current("protocols", key): value for key, value in metrics.items() if key.startswith(PREFIXES)}
    if not former:
        return dict(metrics)
    return former | {key: value for key, value in metrics.items() if not key.startswith(PREFIXES)}


def current_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The same tags, with today's names in those of notes and in CRASHED."""
    renamed = {
        f"{NOTE}{current('protocols', key.removeprefix(NOTE))}" if key.startswith(NOTES) else key: text
        for key, text in tags.items()
    }
    if CRASHED in renamed:
        renamed[CRASHED] = json.dumps([current("protocols", name) for name in json.loads(renamed[CRASHED])])
    return renamed
