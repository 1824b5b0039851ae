"""Where plug-ins are: the files that Probeline ships, modules on Python's path, entry points of installed packages."""

import sys
from functools import cache, lru_cache
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

KINDS = {
    "datasets": "data/*/datasets",
    "augmentations": "data/*/augment/ops",
    "tokenizers": "data/text/tokenizers",
    "encoders": "models/encoders",
    "losses": "losses",
    "methods": "methods/*",
    "protocols": "evaluation",
    "figures": "report/figures",
}
"""Where the plug-ins of a kind are: a pattern of folders below the package."""

RENAMED = {
    "protocols": {
        "kept_information": "transformation_probe",
        "loss_cost": "loss_benchmark",
        "pictures": "generations",
    },
    "figures": {"loss_cost": "loss_benchmark"},
}
"""Former name -> name, by kind. A former name stays valid in YAML, in results, and in what ids are made of."""

ROOT = Path(__file__).parents[1]
GROUP = "probeline.{kind}"
"""The entry point group in which a package registers its plug-ins of a kind, each `name = "package.module"`."""


def shipped(kind: str) -> dict[str, Path]:
    """The plug-in files of a kind by name; no name is there twice, which a test holds. Raises KeyError."""
    files = ROOT.glob(f"{KINDS[kind]}/*.py")
    return {path.stem: path for path in files if path.stem != "base" and not path.stem.startswith("_")}


def current(kind: str, name: str) -> str:
    """`name` with a former name of a plug-in replaced by today's, also before a slash: `kept_information/grey/h`."""
    plugin, slash, rest = name.partition("/")
    return f"{RENAMED.get(kind, {}).get(plugin, plugin)}{slash}{rest}"


def original(kind: str, name: str) -> str:
    """`name` with the first name that its plug-in had: ids are made of it, and results of older versions hold it."""
    plugin, slash, rest = name.partition("/")
    return f"{_first_names().get((kind, plugin), plugin)}{slash}{rest}"


@cache
def _first_names() -> dict[tuple[str, str], str]:
    return {(kind, name): former for kind, names in RENAMED.items() for former, name in names.items()}


def registered(kind: str) -> dict[str, tuple[EntryPoint, ...]]:
    """Plug-ins of installed packages by name, read from the packages' metadata; more than one where they clash.

    Left out are the names of plug-ins that Probeline ships, as an id must mean the same everywhere, and names that are
    no plain word.
    """
    return dict(_registered(kind, tuple(sys.path)))


@lru_cache(maxsize=64)
def _registered(kind: str, search: tuple[str, ...]) -> dict[str, tuple[EntryPoint, ...]]:
    """`search`: Python's path, on which the packages are."""
    ours, by_name = {*shipped(kind), *RENAMED.get(kind, ())}, dict[str, tuple[EntryPoint, ...]]()
    for entry in entry_points(group=GROUP.format(kind=kind)):
        same = by_name.get(entry.name, ())
        if entry.name.isidentifier() and entry.name not in ours and all(entry.value != each.value for each in same):
            by_name[entry.name] = (*same, entry)
    return dict(sorted(by_name.items()))


def package(entry: EntryPoint) -> str:
    """The name of the package that registers an entry point."""
    return str(entry.dist.name) if entry.dist else "an unnamed package"


def module_file(dotted: str) -> Path | None:
    """The file of a module, looked up as an import does but without running a parent package."""
    spec = _module_spec(dotted)
    origin = spec.origin if spec and spec.has_location else None
    return Path(origin) if origin and origin.endswith(".py") else None


def module_folder(dotted: str) -> Path | None:
    """The folder of a package, looked up in the same way; None where it is none on this disk."""
    spec = _module_spec(dotted)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return Path(folders[0]) if folders and Path(folders[0]).is_dir() else None


def _module_spec(dotted: str) -> ModuleSpec | None:
    search, spec, full = None, None, ""
    for part in dotted.split("."):
        full = f"{full}.{part}" if full else part
        specs = (finder.find_spec(full, search) for finder in sys.meta_path if hasattr(finder, "find_spec"))
        spec = next((each for each in specs if each is not None), None)
        if spec is None:
            return None
        search = spec.submodule_search_locations
        if search is None and full != dotted:
            return None
    return spec
