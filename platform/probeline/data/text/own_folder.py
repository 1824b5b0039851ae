"""The files of a well-known data set of text, which the user has put into a folder."""

import os
from pathlib import Path

from probeline.data.settings import DatasetSettings
from probeline.data.source_paths import shown, user_path
from probeline.errors import UserError


def folder_of(config: DatasetSettings, dataset: str, needed: tuple[str, ...], source: str) -> Path:
    """The folder that holds one of the files `needed`.

    Args:
        config: its `path`, else the variable PROBELINE_DATA, is that folder or the one above it.
        source: where the files are to be had, for the message.

    Raises UserError where there is no such file.
    """
    chosen = getattr(config, "path", None) or os.environ.get("PROBELINE_DATA")
    if not chosen:
        raise UserError(f"data set {dataset}: its folder is data.path or PROBELINE_DATA; its files are at {source}")
    root = user_path(chosen)
    for folder in (root, root / dataset, root / "text" / dataset):
        if any((folder / name).is_file() for name in needed):
            return folder
    raise UserError(
        f"data set {dataset}: no file {' or '.join(needed)} in {shown(root)} or its folder {dataset}; its files are "
        f"at {source}: put them there, or give another data.path"
    )
