"""What does not fit together in one combination of data, encoder, method and protocols, and what would."""

from collections.abc import Iterator, Sequence

from probeline.core.declaration import ANY, MODALITIES, OF_DATA, OF_ENCODER, OF_METHOD, alternatives
from probeline.experiment.part import Part
from probeline.experiment.problems import Path, listing
from probeline.plugins.declarations import data_sets_with, fitting

Mistake = tuple[Path, str]
"""The path in a recipe, and what is wrong with what is there."""


def mistakes(
    data: Part, encoder: Part, method: Part, protocols: Sequence[Part], provided: frozenset[str]
) -> Iterator[Mistake]:
    """Every mistake of the combination; `provided`: what some method of the experiment gives.

    A protocol that needs what only other methods of the experiment give is no mistake: such trials have a note.
    """
    parts = (data, encoder, method, *protocols)
    broken = [(each.at, each.broken) for each in _all(parts) if each.broken]
    yield from broken
    if broken:
        return
    for each in parts[1:]:
        wrong = _wrong_modality(each, data)
        yield from wrong
        if not wrong:
            yield from _image_presets(each, data)
            yield from (mistake for inner in each.inner for mistake in _wrong_inner(inner, data))
        yield from _unmet(each, data, encoder, method, provided)
        yield from _unnamed(each, data)


def _all(parts: Sequence[Part]) -> list[Part]:
    return [each for part in parts for each in (part, *_all(part.inner))]


def _wrong_modality(part: Part, data: Part) -> list[Mistake]:
    """A part that does not take the data's samples, or [] where it does."""
    (modality,) = data.declared.gives
    if modality in part.declared.takes:
        return []
    takes = " or ".join(MODALITIES[each] for each in part.declared.takes)
    would_fit = _would_fit(part.kind, modality)
    return [(part.at, f"{part.name} takes {takes}; {_gives(data)}; {would_fit}")]


def _gives(data: Part) -> str:
    return f"data {data.name} gives {MODALITIES[data.declared.gives[0]]}"


def _would_fit(kind: str, modality: str, needed: tuple[str, ...] = ()) -> str:
    having = f" with {' or '.join(needed)}" if needed else ""
    return f"{kind}{having} for {MODALITIES[modality]}: {listing(fitting(kind, modality, needed)) or 'none'}"


def _image_presets(part: Part, data: Part) -> Iterator[Mistake]:
    """Augmentations by parameters of images where the data give other samples; defaults gave way to these samples'."""
    (modality,) = data.declared.gives
    for field in part.presets if modality != "image" else ():
        remedy = f"leave it out, or list operations: `{field}: [...]`; {_would_fit('augmentations', modality)}"
        yield (*part.path, field), f"these are parameters of images; {_gives(data)}; {remedy}"


def _wrong_inner(inner: Part, data: Part) -> list[Mistake]:
    """An augmentation that does not take the data's samples; other data that are of another kind."""
    if inner.kind != "datasets":
        return _wrong_modality(inner, data)
    (modality,), (own,) = data.declared.gives, inner.declared.gives
    if own == modality:
        return []
    same = f"data sets that give {MODALITIES[modality]}: {listing(fitting('datasets', modality)) or 'none'}"
    return [(inner.at, f"{inner.name} gives {MODALITIES[own]}; {_gives(data)}; {same}")]


def _unmet(part: Part, data: Part, encoder: Part, method: Part, provided: frozenset[str]) -> Iterator[Mistake]:
    """What a method or a protocol needs and neither the data nor the encoder, nor any method, give."""
    given = {what for what in OF_DATA if data.declared.names(what)} | {*encoder.declared.gives, *provided}
    for need in part.declared.needs:
        needed = alternatives(need)
        if given.isdisjoint(needed):
            message = f"{part.name} needs {' or '.join(needed)}; {_who_gives(needed, part, data, encoder, method)}"
            yield part.at, message


def _who_gives(needed: tuple[str, ...], part: Part, data: Part, encoder: Part, method: Part) -> str:
    """Who does not give it, and who would."""
    (modality,) = data.declared.gives
    of_data, of_encoder = (tuple(set(needed) & set(kinds)) for kinds in (OF_DATA, OF_ENCODER))
    if of_data:
        others = listing(data_sets_with(of_data, part.declared.takes)) or "none"
        return f"data {data.name} has {_had(data)}; data sets with {' or '.join(needed)}: {others}"
    if of_encoder:
        return f"encoder {encoder.name} gives none; {_would_fit('encoders', modality, of_encoder)}"
    of_method = tuple(each for each in needed if each in OF_METHOD)
    return f"method {method.name} gives none, nor does another one here; {_would_fit('methods', modality, of_method)}"


def _had(data: Part) -> str:
    """`labels (class) and pairs (genuine, skilled)`, or that there are none."""
    named = [(what, ", ".join(data.declared.names(what))) for what in OF_DATA]
    return " and ".join(f"{what} ({names})" for what, names in named if names) or "no labels or lists"


def _unnamed(part: Part, data: Part) -> Iterator[Mistake]:
    """Names of labels and lists that the data do not have."""
    for path, what, name in part.names:
        names = data.declared.names(what)
        if name not in names and ANY not in names:
            listed = f"{what} {', '.join(names)}" if names else f"no {what}"
            yield path, f"got {name!r}; data {data.name} has {listed}"
