"""The constants TAKES, GIVES, NEEDS, LABELS, LISTS and EPOCH of plug-ins, read from their files without importing them.

A constant may depend on one parameter: `GIVES = {"form": {"images": "image", "strokes": "series"}}` stands for the
value under the parameter's own.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from probeline.core.declaration import (
    EPOCHS,
    LISTS,
    MODALITIES,
    NEEDS,
    OF_ENCODER,
    OF_METHOD,
    Declaration,
    alternatives,
)
from probeline.errors import UserError
from probeline.plugins import catalog
from probeline.plugins.config_source import BrokenPlugin

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "datasets": {"GIVES": "image", "LABELS": ("class",), "LISTS": ()},
    "encoders": {"TAKES": ("image",), "GIVES": ()},
    "augmentations": {"TAKES": ("image",)},
    "methods": {"TAKES": ("image",), "GIVES": (), "NEEDS": (), "EPOCH": "samples"},
    "protocols": {"TAKES": tuple(MODALITIES), "NEEDS": ()},
}
"""The constants that a kind may state, and what a missing one means. A loss or a figure states none."""


def declaration(kind: str, component: Mapping[str, Any]) -> Declaration:
    """What a resolved component `{name: ..., parameters}` states.

    Raises UnknownPlugin; BrokenPlugin for a constant that is not one, or not of the vocabulary.
    """
    name = component["name"]
    stated = {}
    for constant, default in DEFAULTS.get(kind, {}).items():
        value = catalog.constant(kind, name, constant, default)
        if _depends(value):
            value = _chosen(kind, component, constant, value)
        stated[constant.lower()] = _checked(kind, name, constant, value)
    return Declaration(**stated)


def possible(kind: str, name: str, constant: str) -> tuple[str, ...]:
    """The values of TAKES, GIVES or NEEDS that a plug-in states for some value of its parameters.

    Raises UnknownPlugin, BrokenPlugin.
    """
    value = catalog.constant(kind, name, constant, DEFAULTS.get(kind, {}).get(constant, ()))
    values = next(iter(value.values())).values() if _depends(value) else [value]
    return tuple(dict.fromkeys(one for each in values for one in _checked(kind, name, constant, each)))


def fitting(kind: str, modality: str, needed: tuple[str, ...] = ()) -> list[str]:
    """The plug-ins of a kind for samples of this modality; with `needed`, those that give one of these too."""
    return [name for name in catalog.readable_names(kind) if _fits(kind, name, modality, needed)]


def data_sets_with(needed: tuple[str, ...], modalities: tuple[str, ...]) -> list[str]:
    """The data sets that give one of these modalities and have labels, or a list of a kind, that are `needed`."""
    with_lists = [name for name in catalog.readable_names("datasets") if set(needed) & _had(name)]
    return [name for name in with_lists if set(modalities) & set(_readable(possible, "datasets", name, "GIVES"))]


def _fits(kind: str, name: str, modality: str, needed: tuple[str, ...]) -> bool:
    if kind not in DEFAULTS:
        return True
    constant = "GIVES" if kind == "datasets" else "TAKES"
    gives = _readable(possible, kind, name, "GIVES") if needed else ()
    return modality in _readable(possible, kind, name, constant) and (not needed or bool(set(gives) & set(needed)))


def _had(data: str) -> set[str]:
    """The kinds of lists of a data set, and `labels` where it has some, for some value of its parameters."""
    kinds = set(_readable(_list_kinds, data))
    return kinds | ({"labels"} if _readable(possible, "datasets", data, "LABELS") else set())


def _list_kinds(data: str) -> tuple[str, ...]:
    value = catalog.constant("datasets", data, "LISTS", ())
    values = next(iter(value.values())).values() if _depends(value) else [value]
    return tuple(kind for each in values for kind in _lists("datasets", data, each).values())


def _readable(read: Callable[..., tuple[str, ...]], *names: str) -> tuple[str, ...]:
    """What `read` gives, () for a plug-in that cannot be read: its mistake is reported where it is used."""
    try:
        return read(*names)
    except UserError:
        return ()


def _depends(value: Any) -> bool:
    """Whether a constant is {parameter: {its value: the constant}}."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), dict)


def _chosen(kind: str, component: Mapping[str, Any], constant: str, value: dict[str, dict[Any, Any]]) -> Any:
    ((parameter, by_value),) = value.items()
    own = component.get(parameter)
    if own not in by_value:
        allowed = ", ".join(map(repr, by_value))
        raise BrokenPlugin(
            f"{kind} {component['name']!r}: {constant} depends on {parameter}, which is {own!r}; it has {allowed}"
        )
    return by_value[own]


def _checked(kind: str, name: str, constant: str, value: Any) -> Any:
    """The constant as `Declaration` has it. Raises BrokenPlugin."""
    if constant == "LISTS":
        return _lists(kind, name, value)
    if constant == "EPOCH" or (constant == "GIVES" and kind == "datasets"):
        value = (value,)
    if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
        raise BrokenPlugin(f"{kind} {name!r}: {constant} is {value!r}; it is a tuple of words")
    wrong = [each for word in value for each in _parts(constant, word) if each not in _allowed(kind, constant, each)]
    if wrong or (constant == "TAKES" and not value):
        allowed = ", ".join(_allowed(kind, constant, ""))
        raise BrokenPlugin(f"{kind} {name!r}: {constant} has {wrong or 'nothing'}; allowed: {allowed}")
    return value


def _parts(constant: str, word: str) -> tuple[str, ...]:
    return alternatives(word) if constant == "NEEDS" else (word,)


def _allowed(kind: str, constant: str, word: str) -> tuple[str, ...]:
    """The words of a constant; of LABELS any name will do."""
    if constant == "LABELS":
        return (word,) if word else ()
    if constant == "GIVES" and kind != "datasets":
        return OF_ENCODER if kind == "encoders" else OF_METHOD
    return {"NEEDS": NEEDS, "EPOCH": EPOCHS}.get(constant, tuple(MODALITIES))


def _lists(kind: str, name: str, value: Any) -> dict[str, str]:
    """`("pairs",)` -> {"pairs": "pairs"}; a dict of names and kinds as it is. Raises BrokenPlugin."""
    if isinstance(value, tuple):
        value = {each: each for each in value}
    if not isinstance(value, dict) or not all(isinstance(each, str) and one in LISTS for each, one in value.items()):
        raise BrokenPlugin(f"{kind} {name!r}: LISTS is {value!r}; it names lists and their kinds: {', '.join(LISTS)}")
    return value


def described(kind: str, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(constant, its possible values) of what a plug-in states, for a person. Raises UnknownPlugin, BrokenPlugin."""
    for constant in DEFAULTS.get(kind, {}):
        values = _list_kinds(name) if constant == "LISTS" else possible(kind, name, constant)
        if values:
            yield constant.lower(), values
