"""Loading: a YAML file, a scale and `--set` overrides give an Experiment, or all mistakes in them at once."""

import json
import re
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from probeline.experiment import cell_pairs, extends, tuned
from probeline.experiment.checks import resolve_report
from probeline.experiment.collection_file import KEY, REFUSED
from probeline.experiment.extends import SpecTree
from probeline.experiment.grid import Expansion, expand
from probeline.experiment.limits import MAX_OVERRIDES
from probeline.experiment.override import Override
from probeline.experiment.problems import (
    LONGEST_NAME,
    Path,
    Problem,
    SpecError,
    is_full,
    listing,
    nearest,
    printable,
    shown,
    unknown,
)
from probeline.experiment.recipe import common_keys
from probeline.experiment.resources import Resources
from probeline.experiment.schema import SECTIONS, Experiment
from probeline.experiment.validation import complaints
from probeline.experiment.yaml_source import MAX_LEVELS, SpecSource, parse

PLACEHOLDERS = {"name": "unnamed"}
OF_RUN = ("seeds", "resources", "tune")
TUNE_SIZE = ("tune.trials", "tune.seeds", "tune.sampler")
NULLS = ("null", "~")
LINE = re.compile(r":(\d+)$")


def load(path: str | PathLike, scale: str | None = None, sets: Sequence[str] = ()) -> Experiment:
    """The experiment in a file, at a scale, with overrides such as `training.epochs=3`, `seeds=2`, `resources.cpus=2`.

    Raises:
        SpecError: all mistakes, at most `problems.MAX_PROBLEMS`.
    """
    return _loaded(extends.read(FilePath(path)), scale, sets)


def load_text(text: str, name: str, scale: str | None = None, sets: Sequence[str] = ()) -> Experiment:
    """The experiment in a YAML text; `name`: the file that it is from, under which its mistakes are reported.

    Raises SpecError.
    """
    return _loaded(extends.read_text(text, name), scale, sets)


def _loaded(read: SpecTree, scale: str | None, sets: Sequence[str]) -> Experiment:
    tree, source, unread = read.value, read.source, read.problems
    if not isinstance(tree, dict):
        unread.append(source.problem((), f"got {shown(tree)}; allowed: a mapping with name, base, grid, ..."))
        raise SpecError(unread)
    if KEY in tree:
        raise SpecError([source.problem((KEY,), REFUSED)])
    problems: list[Problem] = []
    experiment = _validated(tree, source, problems)
    if experiment is None:
        raise SpecError(_in_order(unread + problems, source))
    chosen, overrides = _configured(experiment, scale, sets, source, problems)
    expansion, whole = _checked(chosen, overrides, source, problems)
    _add(problems, tuned.check(chosen, expansion))
    report = resolve_report(chosen, expansion, whole, problems)
    if not expansion.problems:
        _add(problems, cell_pairs.check(chosen, expansion.cells, report.metric))
    # A number that YAML could not give was replaced, and what is wrong with its replacement is no news.
    replaced = {problem.path for problem in unread if problem.message.startswith("got ")}
    problems = unread + [problem for problem in problems if problem.path not in replaced]
    if problems:
        raise SpecError(_in_order(problems, source))
    return chosen.model_copy(update={"report": report})


def _validated(tree: dict[str, Any], source: SpecSource, problems: list[Problem]) -> Experiment | None:
    """The tree as an Experiment, without the parts that are wrong, so that the rest is checked too."""
    for _ in range(5):
        try:
            return Experiment.model_validate_json(json.dumps(tree), strict=True)
        except ValidationError as error:
            refused = complaints(Experiment, error, tree)
        _add(problems, [source.problem(path, message) for path, message in refused])
        if is_full(problems):
            return None
        for path in sorted({path for path, _ in refused}, key=_latest_first, reverse=True):
            tree = _without(tree, path)
        tree = PLACEHOLDERS | tree
    return None


def _latest_first(path: Path) -> tuple:
    return tuple((str(type(part)), part) for part in path)


def _without(tree: Any, path: Path) -> Any:
    """A copy of `tree` without what is at `path`."""
    if not path:
        return {}
    head, *rest = path
    if isinstance(tree, dict):
        inner = {head: _without(tree[head], tuple(rest))} if rest and head in tree else {}
        return {key: value for key, value in tree.items() if key != head} | inner
    if isinstance(tree, list) and isinstance(head, int):
        below = [_without(tree[head], tuple(rest))] if rest else []
        return [*tree[:head], *below, *tree[head + 1 :]]
    return tree


def _configured(
    experiment: Experiment, scale: str | None, sets: Sequence[str], source: SpecSource, problems: list[Problem]
) -> tuple[Experiment, tuple[Override, ...]]:
    """The experiment with the scale's and the sets' seeds and resources; and the sets that are for the recipe."""
    update: dict[str, Any] = {}
    if scale is not None and scale not in experiment.scales:
        problems.append(_unknown_scale(scale, list(experiment.scales)))
    elif scale is not None:
        chosen = experiment.scales[scale]
        update = {key: getattr(chosen, key) for key in ("seeds", "resources") if getattr(chosen, key) is not None}
        if experiment.tune and chosen.tune:
            update["tune"] = chosen.tune.of(experiment.tune)
    settings: dict[str, Any] = {}
    overrides = []
    for text in sets:
        override = _setting(text, problems)
        if override is None:
            continue
        if override.section in OF_RUN:
            now = {"resources": experiment.resources, "tune": experiment.tune} | update | settings
            settings |= _setting_of_run(override, now, problems)
        else:
            overrides.append(override)
    return experiment.model_copy(update=update | settings).loaded_as(source, scale, tuple(overrides)), tuple(overrides)


def _unknown_scale(scale: str, scales: list[str]) -> Problem:
    near = nearest(scale, scales)
    hint = f"; did you mean {near!r}?" if near else ""
    return Problem(_option("--scale", scale), "", f"unknown; scales: {listing(scales) or 'none in this file'}{hint}")


def _option(name: str, value: str) -> str:
    """An option of the command line as it was given, cut where it is very long."""
    text = printable(f"{name} {value}")
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 3]}..."


def _setting(text: str, problems: list[Problem]) -> Override | None:
    """`training.epochs=3` as an override."""
    location = _option("--set", text)
    key, equals, written = text.partition("=")
    if not equals or not key.strip():
        problems.append(Problem(location, "", "allowed: key=value, such as training.epochs=3"))
        return None
    if not written.strip():
        problems.append(Problem(location, "", "no value; allowed: key=value, and null for none"))
        return None
    try:
        value, _, mistakes = parse(written, location) if written.strip() not in NULLS else (None, None, [])
    except SpecError as error:
        mistakes = error.problems
    if mistakes:
        problems += [Problem(location, "", problem.message) for problem in mistakes]
        return None
    key = key.strip()
    if key.count(".") >= MAX_LEVELS:
        problems.append(Problem(location, "", f"allowed: at most {MAX_LEVELS} words with dots between them"))
        return None
    if key.split(".")[0] not in (*SECTIONS, *OF_RUN) or key.startswith("seeds."):
        keys = [*common_keys(), "seeds", *(f"resources.{name}" for name in Resources.model_fields), *TUNE_SIZE]
        tails = [candidate for candidate in keys if candidate.endswith(f".{key}")]
        problems.append(Problem(location, "", unknown(key, tails or keys)))
        return None
    return Override(key, value, (), location)


def _setting_of_run(override: Override, settings: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """`seeds=...`, `resources...=...` or `tune...=...`, validated as the file's own would be; `settings`: so far."""
    section, *path = override.path
    if section == "seeds":
        tree = {"name": "x", "seeds": override.value}
    else:
        so_far = settings[section]
        under = so_far.model_dump(mode="json", by_alias=True, exclude_none=True) if so_far else {}
        below = under | {".".join(path): override.value} if path else override.value
        tree = {"name": "x", section: under | below if isinstance(below, dict) else below}
    try:
        return {section: getattr(Experiment.model_validate_json(json.dumps(tree), strict=True), section)}
    except ValidationError as error:
        problems += [Problem(override.text or "", "", message) for _, message in complaints(Experiment, error, tree)]
        return {}


def _checked(
    experiment: Experiment, sets: tuple[Override, ...], source: SpecSource, problems: list[Problem]
) -> tuple[Expansion, Expansion]:
    """The experiment expanded as chosen, and as the whole file without a scale; every other scale is checked too."""
    chosen = whole = expand(experiment)
    mistakes, work, largest = dict.fromkeys(chosen.problems), chosen.work, chosen.work
    for scale in [None, *experiment.scales]:
        if is_full(mistakes):
            break
        if work + largest > MAX_OVERRIDES and scale is not None:
            message = f"is one of {len(experiment.scales)} scales that set more than {MAX_OVERRIDES:,} values together"
            mistakes[source.problem(("scales", scale or ""), f"{message}; give each a file of its own")] = None
            break
        is_chosen = not sets and scale == experiment.scale
        other = chosen if is_chosen else expand(_at_scale(experiment, source, scale))
        work += 0 if is_chosen else other.work
        largest = max(largest, other.work)
        mistakes |= dict.fromkeys(other.problems)
        whole = other if scale is None else whole
    # What a smaller scale leaves unmatched is no mistake; what the whole file does is.
    mistakes |= dict.fromkeys(() if mistakes or problems else whole.idle)
    _add(problems, _one_a_line(mistakes))
    return chosen, whole


def _at_scale(experiment: Experiment, source: SpecSource, scale: str | None) -> Experiment:
    """The experiment at another scale, with that scale's seeds, without `--set`."""
    seeds = experiment.scales[scale].seeds if scale else None
    other = experiment.model_copy(update={"seeds": seeds}) if seeds else experiment
    return other.loaded_as(source, scale, ())


def _add(problems: list[Problem], mistakes: Iterable[Problem]) -> None:
    """Adds what is not the consequence of a mistake already listed: one inside it, or around it."""
    paths = [problem.path for problem in problems if problem.path]
    problems += [p for p in mistakes if not any(_within(p.path, path) or _within(path, p.path) for path in paths)]


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}[")) if outer else False


def _one_a_line(problems: Iterable[Problem]) -> list[Problem]:
    """The most helpful problem for each line of the file: several cells stumble over one."""
    best: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        key = (problem.location, problem.path)
        if key not in best or ("did you mean" in problem.message and "did you mean" not in best[key].message):
            best[key] = problem
    return list(best.values())


def _in_order(problems: list[Problem], source: SpecSource) -> list[Problem]:
    """By line of the file, those in files that it extends after its own; mistakes of options (`--set`, ...) last."""
    order = {path: index for index, path in enumerate(source.lines)}

    def location(problem: Problem) -> tuple:
        line = LINE.search(problem.location) if not problem.location.startswith("--") else None
        file = problem.location[: line.start()] if line else ""
        return (
            line is None,
            file != source.name,
            file,
            int(line[1]) if line else 0,
            order.get(problem.path, len(order)),
            problem.path,
        )

    return sorted(dict.fromkeys(problems), key=location)
