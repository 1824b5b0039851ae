"""Classes of another library and the parameters they take, read from its source without importing it."""

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Signature:
    """What a class's `__init__` takes by name, inherited ones included; `required` of them have no default."""

    names: tuple[str, ...]
    required: tuple[str, ...]


@cache
def public_classes(package: str) -> dict[str, Path]:
    """Names that `package`'s `__init__.py` imports from its own files, and those files; {} where it is not installed.

    `package`: dotted, such as `pytorch_metric_learning.losses`; of it and its parents nothing is run.
    """
    top, *below = package.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(spec.submodule_search_locations[0]).joinpath(*below)
    imported = _imported(folder / "__init__.py")
    return {name: file for name, file in imported.items() if not name.startswith("_")}


@cache
def parameters(file: Path, name: str) -> Signature:
    """The parameters of the class `name` in `file`; what it hands on by `**kwargs` is looked up in its bases."""
    arguments = dict(_arguments(file, name))
    return Signature(tuple(arguments), tuple(argument for argument, required in arguments.items() if required))


def _arguments(file: Path, name: str) -> Iterator[tuple[str, bool]]:
    """(argument, whether it has no default) of the class's `__init__`."""
    tree = _tree(file)
    here = next((node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name), None)
    if here is None:
        return
    init = next((n for n in here.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    fixed: set[str] = set()
    if init is not None:
        positional = init.args.posonlyargs + init.args.args
        without = len(positional) - len(init.args.defaults)
        yield from [(a.arg, index < without) for index, a in enumerate(positional) if index]
        yield from [(a.arg, d is None) for a, d in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)]
        if init.args.kwarg is None:
            return
        calls = [node for node in ast.walk(init) if isinstance(node, ast.Call)]
        handed = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "__init__"]
        fixed = {keyword.arg for call in handed for keyword in call.keywords if keyword.arg}
    imported = _imported(file)
    for base in (node.id for node in here.bases if isinstance(node, ast.Name)):
        inherited = _arguments(imported.get(base, file), base)
        yield from [(argument, required) for argument, required in inherited if argument not in fixed]


def _imported(file: Path) -> dict[str, Path]:
    """Names that a file imports from files beside or above it, and where those are."""
    files = {}
    for node in _tree(file).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for alias in node.names:
                module = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
                if folder.is_dir() and file.name != "__init__.py" and module.is_file():
                    module = _imported(module).get(alias.name, module)
                if module.is_file():
                    files[alias.asname or alias.name] = module
    return files


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes(), filename=str(file))
