"""A constant of a plug-in's file, evaluated without running the file: literals, arithmetic and calls of known names."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from probeline.core import metric

BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.BitOr: operator.or_,
}
VOCABULARY: Mapping[str, Mapping[str, Any]] = {
    "probeline.core.metric": {
        name: getattr(metric, name)
        for name in (
            "Metric",
            "percentage",
            "accuracy_on_test",
            "loss_term",
            "count",
            "classifier_metrics",
            "probe_metrics",
            "PERCENT",
            "POINTS",
            "MILLIONS",
        )
    },
    "math": {"inf": math.inf, "pi": math.pi, "e": math.e},
}
"""What a constant may import, by module."""

ALLOWED = "literals, + - * / |, ** in a dict, names bound to such values, and " + ", ".join(
    VOCABULARY["probeline.core.metric"]
)


class NotConstant(ValueError):
    """An expression that only running the file could evaluate; `line` is where it stands."""

    def __init__(self, node: ast.AST, reason: str) -> None:
        super().__init__(f"{reason}; allowed: {ALLOWED}")
        self.line = getattr(node, "lineno", 1)


@dataclass(frozen=True)
class Constants:
    """The top-level constants of a parsed file."""

    tree: ast.Module

    @cached_property
    def nodes(self) -> Mapping[str, ast.expr]:
        """The expression that the last top-level assignment gives to each name, read once: plans ask cell by cell."""
        nodes: dict[str, ast.expr] = {}
        for statement in self.tree.body:
            if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
                continue
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            nodes |= {target.id: statement.value for target in targets if isinstance(target, ast.Name)}
        return nodes

    def value(self, name: str, default: Any = None) -> Any:
        """The value of `name`, `default` where the file has none. Raises NotConstant."""
        node = self.nodes.get(name)
        return default if node is None else self._value(node, frozenset({name}))

    def _value(self, node: ast.expr, seen: frozenset[str]) -> Any:
        """`seen`: the names on the way here, so that a circle ends."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Tuple() | ast.List():
                items = [self._value(item, seen) for item in node.elts]
                return tuple(items) if isinstance(node, ast.Tuple) else items
            case ast.Dict():
                return self._dict(node, seen)
            case ast.UnaryOp(op=ast.USub()):
                return -self._value(node.operand, seen)
            case ast.BinOp() if type(node.op) in BINARY:
                return BINARY[type(node.op)](self._value(node.left, seen), self._value(node.right, seen))
            case ast.Name():
                return self._named(node, seen)
            case ast.Call(func=ast.Name() as called):
                return self._call(node, self._named(called, seen), seen)
        raise NotConstant(node, f"{ast.unparse(node)[:60]} is no constant")

    def _dict(self, node: ast.Dict, seen: frozenset[str]) -> dict[Any, Any]:
        merged: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            item = self._value(value, seen)
            merged |= item if key is None else {self._value(key, seen): item}
        return merged

    def _named(self, node: ast.Name, seen: frozenset[str]) -> Any:
        bound = self.nodes.get(node.id)
        if bound is not None and node.id not in seen:
            return self._value(bound, seen | {node.id})
        for statement in (each for each in self.tree.body if isinstance(each, ast.ImportFrom)):
            names = VOCABULARY.get(statement.module or "", {})
            for alias in statement.names:
                if (alias.asname or alias.name) == node.id and alias.name in names:
                    return names[alias.name]
        raise NotConstant(node, f"{node.id} has no constant value")

    def _call(self, node: ast.Call, function: Any, seen: frozenset[str]) -> Any:
        arguments = [self._value(item, seen) for item in node.args]
        named = {str(item.arg): self._value(item.value, seen) for item in node.keywords if item.arg is not None}
        if not callable(function) or len(named) < len(node.keywords):
            raise NotConstant(node, f"{ast.unparse(node)[:60]} is no constant")
        try:
            return function(*arguments, **named)
        except (TypeError, ValueError) as error:
            raise NotConstant(node, f"{ast.unparse(node)[:60]}: {error}") from error
