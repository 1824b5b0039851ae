"""Specs that installed packages bring: `PACKAGE:NAME`, by entry points of the group `probeline.specs`."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from os import PathLike, fspath
from pathlib import Path

from probeline.errors import UserError
from probeline.experiment.problems import nearest, printable
from probeline.plugins.locations import module_folder, package

GROUP = "probeline.specs"
"""Each entry `name = "package.module"` names a Python package whose folder holds spec files."""

SUFFIXES = (".yaml", ".yml")


def spec_file(spec: str | PathLike[str]) -> Path:
    """The file of a spec: of `PACKAGE:NAME` the package's, else the path itself. Nothing is imported.

    Raises UserError where no installed package brings such a spec.
    """
    text = fspath(spec)
    name, colon, inner = text.partition(":")
    if not colon or "/" in name or Path(text).exists():
        return Path(text)
    folders = spec_folders()
    if name not in folders:
        raise UserError(f"{printable(text)}: no installed package brings specs as {name!r}; {hint(name, folders)}")
    files = specs_in(folders[name])
    if inner not in files:
        raise UserError(f"{printable(text)}: unknown; {hint(text, [f'{name}:{each}' for each in files])}")
    return files[inner]


def spec_folders() -> dict[str, Path]:
    """The folders of specs that installed packages register, by name.

    Raises UserError where two packages take one name, or an entry names no package with a folder.
    """
    entries: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        other = entries.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise UserError(
                f"specs {entry.name}: {package(other)} and {package(entry)} both register it; uninstall one of them"
            )
    return {name: _folder(entry) for name, entry in sorted(entries.items())}


def specs_in(folder: Path) -> dict[str, Path]:
    """The spec files of a folder by name; one in a folder below it as `folder/name`."""
    files = sorted(path for suffix in SUFFIXES for path in folder.rglob(f"*{suffix}"))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def _folder(entry: EntryPoint) -> Path:
    folder = module_folder(entry.value)
    if folder is None:
        raise UserError(
            f"specs {entry.name}: {package(entry)} registers {entry.value!r}, which is no package with a folder; "
            "name the package that holds the YAML files"
        )
    return folder


def hint(name: str, names: Iterable[str]) -> str:
    """The likeliest of the names for a misspelt one, or all there are."""
    names = list(names)
    close = nearest(name, names)
    return f"did you mean {close!r}?" if close else f"there are {', '.join(names) or 'none'}"
