"""A plug-in's parameters without importing the plug-in: its file is parsed and only what `Config` uses is run."""

import ast
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from probeline.core.metric import Metric, described
from probeline.errors import UserError
from probeline.plugins.constant_source import Constants, NotConstant

PLUGIN_ERRORS = (Exception, SystemExit)
"""What the code of a plug-in may raise while its Config is compiled or used."""
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class BrokenPlugin(UserError):
    """A plug-in's file cannot be read, parsed, or lacks a usable `class Config(Settings)`."""


@dataclass(frozen=True)
class PluginSource:
    """One plug-in's file; `module` is the dotted name that importing it would give."""

    path: Path
    module: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file. Raises BrokenPlugin where it is unreadable or not Python."""
        try:
            return ast.parse(self.path.read_bytes(), filename=str(self.path))
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:  # the last two: too nested
            raise BrokenPlugin(f"{self.path}: the plug-in cannot be read: {str(error) or 'nested too deep'}") from error

    @property
    def summary(self) -> str:
        """The first line of the docstring, or ''."""
        return (ast.get_docstring(self.tree) or "").partition("\n")[0]

    @property
    def version(self) -> int:
        """The constant `VERSION`, 1 where there is none. Raises BrokenPlugin unless it is a whole number above 0."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and "VERSION" in set(_bound(node)):
                value = node.value.value if isinstance(node.value, ast.Constant) else None
                if type(value) is not int or value < 1:
                    raise BrokenPlugin(f"{self.path}:{node.lineno} VERSION: not a plain whole number of at least 1")
                return value
        return 1

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """The constant `METRICS`: name or pattern -> metric; {} where there is none. Raises BrokenPlugin."""
        value = self.constant("METRICS", {})
        if not isinstance(value, dict) or not all(
            isinstance(name, str) and isinstance(metric, Metric) for name, metric in value.items()
        ):
            raise BrokenPlugin(f"{self.path} METRICS: not a dict of names and Metric")
        return value

    @cached_property
    def primary(self) -> str | None:
        """The constant `PRIMARY`: a name that METRICS declares, or None. Raises BrokenPlugin."""
        value = self.constant("PRIMARY", None)
        if value is not None and described(self.metrics, str(value), "") is None:
            raise BrokenPlugin(f"{self.path} PRIMARY: {value!r} is not in METRICS ({', '.join(self.metrics)})")
        return value

    @cached_property
    def constants(self) -> Constants:
        """The file's top-level constants. Raises BrokenPlugin."""
        return Constants(self.tree)

    def constant(self, name: str, default: Any) -> Any:
        """The value of a top-level constant, `default` where there is none. Raises BrokenPlugin."""
        try:
            return self.constants.value(name, default)
        except NotConstant as error:
            raise BrokenPlugin(f"{self.path}:{error.line} {name}: {error}") from error

    @cached_property
    def trains(self) -> bool:
        """False where a class of the file has `trains = False`: a method that leaves the encoder alone."""
        assigned = (node for node in ast.walk(self.tree) if isinstance(node, ast.Assign))
        values = [node.value for node in assigned if "trains" in set(_bound(node))]
        return not any(isinstance(value, ast.Constant) and value.value is False for value in values)

    @cached_property
    def deterministic(self) -> bool:
        """The constant `DETERMINISTIC`: whether what the plug-in computes never depends on the trial's seed."""
        return self.constant("DETERMINISTIC", False) is True

    def compile(self) -> type:
        """The class `Config`, run with only the top-level statements that it uses, recursively.

        Raises BrokenPlugin where there is no `Config`, or it fails.
        """
        used = list(_used(self.tree, "Config"))
        if not any(isinstance(node, ast.ClassDef) and node.name == "Config" for node in used):
            raise BrokenPlugin(f"{self.path}: the plug-in has no `class Config(Settings)`")
        # A module of its own name, so that pydantic finds what annotations in strings mean.
        shell = types.ModuleType(f"{self.module}:Config")
        shell.__package__ = self.module.rpartition(".")[0]
        sys.modules[shell.__name__] = shell
        try:
            exec(compile(ast.Module(used, []), str(self.path), "exec", dont_inherit=True), shell.__dict__)
        except PLUGIN_ERRORS as error:
            raise BrokenPlugin(f"{self.path}: its Config fails with {type(error).__name__}: {error}") from error
        return shell.Config


def _used(tree: ast.Module, wanted: str) -> list[ast.stmt]:
    """The statements, in the file's order, that bind `wanted` or a name that those use."""
    binding: dict[str, list[ast.stmt]] = {}
    for node in tree.body:
        for name in _bound(node):
            binding.setdefault(name, []).append(node)
    names, seen, used = [wanted], {wanted}, set()
    while names:
        for node in binding.get(names.pop(), ()):
            if node not in used:
                used.add(node)
                fresh = set(_read(node)) - seen
                seen |= fresh
                names.extend(fresh)
    return [node for node in tree.body if node in used or _is_future(node)]


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that a top-level statement binds in its module, compound statements included."""
    waiting = [node]
    while waiting:  # no recursion: an expression may be nested deeper than the stack
        each = waiting.pop()
        if isinstance(each, SCOPES):
            yield each.name
            continue
        if isinstance(each, ast.alias):
            yield each.asname or each.name.partition(".")[0]
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each.id
        waiting.extend(ast.iter_child_nodes(each))


def _read(node: ast.AST) -> Iterator[str]:
    """Names that a statement reads, those in string annotations included."""
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
            yield child.id
        elif isinstance(child, ast.AnnAssign):
            yield from _in_strings(child.annotation)


def _in_strings(annotation: ast.expr) -> Iterator[str]:
    for child in ast.walk(annotation):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            try:
                yield from _read(ast.parse(child.value, mode="eval"))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue  # a string that is not code, such as a value of Literal
