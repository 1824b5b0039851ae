"""Folders that are splits, by their names: train/ and test/, but also train2017/ and val2017/, and never by halves."""

import re
from collections.abc import Collection, Sequence

from probeline.data.source_paths import shown
from probeline.errors import UserError

WORDS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
WORDS |= dict.fromkeys(("val", "valid", "validation", "dev", "development"), "validation")
"""Folder name, in small letters -> train, validation or test."""

ALONE = WORDS.keys() - {"dev", "development"}
"""Names of a split where no other split stands beside it."""

ORDER = ("train", "validation", "test")
THINGS = "set|data|dataset|images?|imgs?|photos?|split|folder"
LONGER = re.compile(rf"({'|'.join(WORDS)})(?:[ _.-]?(?:{THINGS}|\d{{1,4}}))+|(?:{THINGS})[ _.-]({'|'.join(WORDS)})")
REMEDY = "`path: <train folder>` with `test_path: <test folder>` names two; `splits: none` takes all of them as classes"

Folders = tuple[str, ...]  # of one image, from the top


def split_depth(folders: Sequence[Folders], depth: int, where: str) -> int | None:
    """The place in every image's folders at which its split stands, or None; `depth`: of the folders that all share.

    Raises UserError where some folders are named like splits and others beside or above them are not: either choice
    would train on test images or take a split for a class.
    """
    heads = {folder[depth] for folder in folders if len(folder) > depth}
    if heads and all(len(folder) > depth for folder in folders) and _are_splits(heads):
        doubled = all(folder[depth : depth + 1] == folder[depth + 1 : depth + 2] for folder in folders)
        return depth + doubled  # test_set/test_set/<class>, as an archive packed inside its own folder has it
    _refuse_mixture(folders, depth, heads, where)
    shared = folders[0][:depth]
    return next((at for at in reversed(range(depth)) if shared[at].lower() in ALONE), None)


def split_of(name: str) -> str | None:
    """train, validation or test for a folder's name, `Training` or `train2017`; None for another name."""
    longer = LONGER.fullmatch(name.lower())
    return WORDS.get(name.lower()) or (WORDS[longer[1] or longer[2]] if longer else None)


def _are_splits(names: Collection[str]) -> bool:
    """All are splits' names; `train2017` or `test 1` is one beside another split only, as classes are named so too."""
    splits = {split_of(name) for name in names}
    return None not in splits and (len(splits) > 1 or all(name.lower() in ALONE for name in names))


def _refuse_mixture(folders: Sequence[Folders], depth: int, heads: Collection[str], where: str) -> None:
    named = sorted((name for name in heads if split_of(name)), key=lambda name: (ORDER.index(split_of(name)), name))
    deep = {folder[depth] for folder in folders if len(folder) > depth + 1}
    if len({split_of(name) for name in named}) > 1 or any(name.lower() in ALONE and name in deep for name in named):
        others = sorted(set(heads) - set(named))
        beside = _listed(others) if others else "images in no folder"
        raise UserError(
            f"{where}: {_listed(named)} look like splits, but beside them stand {beside}: it is unclear what to train "
            f"on; move or rename what is no split, or choose: {REMEDY}"
        )
    below = sorted({name for folder in folders for name in folder[depth + 1 :] if name.lower() in WORDS})
    if len({split_of(name) for name in below}) > 1:
        raise UserError(
            f"{where}: {_listed(below)} stand inside class folders, as in {shown('/'.join(_example(folders, below)))}: "
            f"splits stand above classes, as in {below[0]}/<class>; move them, or choose: `splits: none` takes them as "
            "part of the class"
        )


def _example(folders: Sequence[Folders], names: Collection[str]) -> Folders:
    return next(folder for folder in folders if set(folder) & set(names))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(f"{shown(name)}/" for name in names[:5]) + more
