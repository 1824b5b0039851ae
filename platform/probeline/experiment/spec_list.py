"""The specs that a command can be given: those of installed packages and those of the working folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probeline.errors import UserError
from probeline.experiment.extends import read
from probeline.experiment.packages import SUFFIXES, hint, spec_folders, specs_in
from probeline.experiment.problems import SpecError, printable


@dataclass(frozen=True)
class ListedSpec:
    """A spec as `probeline run` takes it, its file, and the question that it asks."""

    name: str
    file: Path
    question: str


def listed_specs(package_name: str | None = None) -> list[ListedSpec]:
    """The specs of installed packages, and those of the working folder and its `experiments`; or of one package.

    Raises UserError for a package that brings none.
    """
    folders = spec_folders()
    if package_name is not None and package_name not in folders:
        raise UserError(f"specs {printable(package_name)}: unknown; {hint(package_name, folders)}")
    names = folders if package_name is None else (package_name,)
    files = {f"{name}:{inner}": path for name in names for inner, path in specs_in(folders[name]).items()}
    if package_name is None:
        here = [path for suffix in SUFFIXES for path in Path().glob(f"*{suffix}")]
        here += [path for suffix in SUFFIXES for path in Path("experiments").rglob(f"*{suffix}")]
        files |= {path.as_posix(): path for path in sorted(here)}
    trees = ((name, path, _tree(path)) for name, path in files.items())
    return [ListedSpec(name, path, str(tree.get("question", ""))) for name, path, tree in trees if "base" in tree]


def _tree(path: Path) -> dict[str, Any]:
    """What a YAML file says; {} where it is no experiment's."""
    try:
        value = read(path).value
    except SpecError:
        return {}
    return value if isinstance(value, dict) else {}
