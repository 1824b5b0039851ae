"""A function that can be called but not looked into: no attribute of the object leads to what the function holds."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary


class Hidden:
    """Calls the function it was made with. A copy of it, by `copy` or `pickle`, calls nothing.

    It keeps a protocol's own mistakes, not its intent: code that imports this module or reads files can do anything.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, function: Callable[..., Any]) -> None:
        _FUNCTIONS[self] = function

    def __call__(self, *args: Any) -> Any:
        """The function's result. Raises LookupError where there is no function, or it was taken."""
        if self not in _FUNCTIONS:
            raise LookupError("there is no function behind this object: it is a copy, or the function was taken")
        return _FUNCTIONS[self](*args)

    def take(self) -> Callable[..., Any] | None:
        """The function, once; None from then on."""
        return _FUNCTIONS.pop(self, None)


_FUNCTIONS: "WeakKeyDictionary[Hidden, Callable[..., Any]]" = WeakKeyDictionary()
