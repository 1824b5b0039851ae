"""The augmentation of each modality where an experiment names none, read from the rooms of the kinds of samples.

`data/KIND/augment/__init__.py` has it as `DEFAULT`, a list of operations, for the modality that its `TAKES` names.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from probeline.plugins.config_source import PluginSource
from probeline.plugins.locations import ROOT

ROOMS = "data/*/augment/__init__.py"


def default_views(modality: str) -> list[dict[str, Any]]:
    """The operations `{name: ..., parameters}` for samples of this modality; none where its room has no default."""
    return _by_modality().get(modality, [])


@cache
def _by_modality() -> Mapping[str, list[dict[str, Any]]]:
    rooms = [PluginSource(path, f"{path.parent.name}:augment") for path in sorted(ROOT.glob(ROOMS))]
    return {taken: room.constant("DEFAULT", []) for room in rooms for taken in room.constant("TAKES", ())}
