"""Data sets that nobody may download: the archive or folder that a user has of them."""

from pathlib import Path

from probeline.data import downloads
from probeline.data.source_paths import file_status, shown
from probeline.errors import UserError


def local_source(dataset: str, names: tuple[str, ...], config: downloads.DownloadSettings) -> Path:
    """The archive or folder that holds a data set.

    Args:
        names: of the archive or folder below `path` or PROBELINE_DATA, first choices first; `path` may also be the
            archive itself, or the folder of the files.

    Raises:
        UserError: there is none; the message says what is looked for and where.
    """
    root = downloads.folder(config, dataset, names)
    status = file_status(root)
    below = [root / name for name in names]
    present = [path for path in below if file_status(path) is not None]
    if present and root.is_dir():
        return present[0]
    if config.path is not None and status is not None:
        return root
    raise UserError(
        f"data set {dataset}: {shown(root)} has none of {', '.join(names)}; it is not downloaded: give the archive, or "
        "the folder of its files, as `path`"
    )
