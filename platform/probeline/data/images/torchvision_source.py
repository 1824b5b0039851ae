"""Data sets that torchvision downloads and reads: which files they are, and their arrays as splits."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from probeline.core.dataset import Split
from probeline.data import downloads
from probeline.errors import BadData


@dataclass(frozen=True)
class TorchvisionSource:
    """`dataset`: the class's name; `names`: files below the folder; `splits`: the class's arguments for each split."""

    dataset: str
    names: tuple[str, ...]
    splits: Mapping[str, Mapping[str, Any]]

    def files(self, config: downloads.DownloadSettings) -> list[Path]:
        """The files, downloaded or unpacked from the archive beside them if absent. Raises UserError."""
        root = self._folder(config)
        paths = [root / name for name in self.names]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            downloads.fetch(
                self.dataset, root, missing, lambda: [self._open(root, split, True) for split in self.splits]
            )
        return paths

    def read(self, config: downloads.DownloadSettings) -> dict[str, Split]:
        """Every split. Raises BadData, which names the files whose checksums differ from torchvision's."""
        root = self._folder(config)
        self._check(root)
        return {split: _split(self._open(root, split, False)) for split in self.splits}

    def classes(self, config: downloads.DownloadSettings) -> tuple[str, ...] | None:
        """The class names that torchvision knows, from the files."""
        names = getattr(self._open(self._folder(config), "test", False), "classes", None)
        return tuple(names) if names else None

    def _folder(self, config: downloads.DownloadSettings) -> Path:
        return downloads.folder(config, self.dataset.lower(), self.names)

    def _class(self) -> type:
        import torchvision.datasets  # slow to import, needed only to download and decode

        return getattr(torchvision.datasets, self.dataset)

    def _open(self, root: Path, split: str, download: bool) -> Any:
        return self._class()(root, download=download, **self.splits[split])

    def _check(self, root: Path) -> None:
        from torchvision.datasets.utils import check_integrity

        checksums = _checksums(self._class())
        bad = [name for name in self.names if name in checksums and not check_integrity(root / name, checksums[name])]
        if bad:
            listed = "\n".join(f"  {root / name}" for name in bad)
            raise BadData(f"data set {self.dataset}: damaged files; remove them to download them again:\n{listed}")


def _checksums(dataset: Any) -> dict[str, str]:
    """File below the folder -> md5, from the lists in torchvision's class."""
    if hasattr(dataset, "split_list"):
        return {name: md5 for _, name, md5 in dataset.split_list.values()}
    return {f"{dataset.base_folder}/{name}": md5 for name, md5 in [*dataset.train_list, *dataset.test_list]}


def _split(opened: Any) -> Split:
    inputs = np.asarray(opened.data)
    if inputs.shape[1] == 3:  # [N, 3, H, W]
        inputs = inputs.transpose(0, 2, 3, 1)
    labels = opened.targets if hasattr(opened, "targets") else opened.labels
    return Split(inputs, np.asarray(labels, np.int64))
