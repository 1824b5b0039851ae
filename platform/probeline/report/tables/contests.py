"""Contests over experiments: trials that share data, protocol and budget, ranked with ties.

A contest is one metric of one protocol with one data set, its settings and a number of epochs; an entrant is an
encoder, a method and a training, whichever experiments have run its seeds. Entrants that paired seeds cannot tell apart
after Holm's correction over all pairs of the contest stand in one group, in the alphabet's order: theirs is no other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from probeline.errors import UserError
from probeline.experiment.canonical import outside_identity
from probeline.plugins.metrics import matches_pattern, primary_metric
from probeline.report.results.metrics import Metric, metric
from probeline.report.sentences.text import clean
from probeline.statistics import pairwise
from probeline.statistics.differences import Scores
from probeline.statistics.intervals import Estimate, estimate
from probeline.statistics.measurement import error_of, measurement

ENTRANT = ("encoder.", "method.", "training.")
EPOCHS = "training.epochs"
UNSET = ("null", "{}", "[]")


class RankedTrial(Protocol):
    """A finished trial: its experiment, tags, recipe by dotted keys, last metrics by name."""

    experiment: str
    tags: dict[str, str]
    recipe: dict[str, str]
    metrics: dict[str, float]


@dataclass(frozen=True)
class Entrant:
    """An encoder, method and training; `trials`: seed -> trial id, `scores`: the same seeds' values."""

    label: str
    experiments: tuple[str, ...]
    trials: Mapping[int, str]
    scores: Scores
    estimate: Estimate
    recipe: Mapping[str, str]


@dataclass(frozen=True)
class Contest:
    """The entrants in groups, best first; `ranks`: best and worst rank of each entrant by label."""

    data: str
    protocol: str
    budget: str
    metric: Metric
    groups: tuple[tuple[Entrant, ...], ...]
    ranks: Mapping[str, tuple[int, int]]

    @property
    def entrants(self) -> int:
        """How many there are."""
        return sum(map(len, self.groups))


def contests(trials: Iterable[RankedTrial], where: Mapping[str, str], only: str | None = None) -> list[Contest]:
    """The contests of two entrants or more, the largest first.

    Args:
        where: dotted recipe key -> value, or `experiment` -> name; `data`, `encoder` and `method` mean their names.
        only: One metric; else the primary metric of each protocol.

    Raises:
        UserError: the metric ranks nothing.
    """
    if only is not None and not metric(only).ranked:
        raise UserError(
            f"--metric {only}: has no direction, so it ranks nothing; `probeline list metrics` shows which do"
        )
    chosen = [trial for trial in trials if all(_matches(trial, key, value) for key, value in where.items())]
    grouped: dict[tuple[str, ...], list[RankedTrial]] = defaultdict(list)
    for trial in chosen:
        for name in _names(trial, only):
            grouped[(name, *_shared(trial, name))].append(trial)
    every = (_contest(key[0], some) for key, some in grouped.items())
    return sorted((each for each in every if each.entrants > 1), key=lambda each: -each.entrants)


def _matches(trial: RankedTrial, key: str, value: str) -> bool:
    if key == "experiment":
        return trial.experiment == value
    return trial.recipe.get(key, trial.recipe.get(f"{key}.name")) == value


def _names(trial: RankedTrial, only: str | None) -> list[str]:
    """The metrics that the trial is ranked by."""
    if only is not None:
        return [only] if only in trial.metrics else []
    protocols = dict.fromkeys(name.partition("/")[0] for name in trial.metrics)
    patterns = [pattern for protocol in protocols if (pattern := primary_metric([protocol])) is not None]
    names = [next((name for name in trial.metrics if matches_pattern(pattern, name)), None) for pattern in patterns]
    return [name for name in names if name is not None and metric(name).ranked]


def _shared(trial: RankedTrial, name: str) -> tuple[str, ...]:
    """What trials of one contest have in common: data by content and settings, the protocol's settings, epochs."""
    protocol = name.partition("/")[0]
    parts = (
        ("data.", "datasets", trial.recipe.get("data.name", "")),
        (f"evaluation.{protocol}.", "protocols", protocol),
    )
    settings = (f"{key}={value}" for part in parts for key, value in _decisive(trial, *part).items())
    sizes = (trial.tags.get("data_digest", ""), trial.tags.get("test_samples", ""))
    return (*sizes, trial.recipe.get(EPOCHS, ""), *settings)


def _decisive(trial: RankedTrial, prefix: str, kind: str, name: str) -> dict[str, str]:
    """The parameters of a component that are part of a trial's identity, by their keys without the prefix."""
    outside = outside_identity(kind, name)
    own = {key.removeprefix(prefix): value for key, value in sorted(trial.recipe.items()) if key.startswith(prefix)}
    return {key: value for key, value in own.items() if key.partition(".")[0] not in outside}


def _contest(name: str, trials: Sequence[RankedTrial]) -> Contest:
    described = metric(name)
    entrants = _entrants(name, trials)
    beats = pairwise.wins([each.scores for each in entrants], described.higher_is_better)
    groups = tuple(
        tuple(sorted((entrants[at] for at in group), key=lambda each: each.label)) for group in pairwise.layers(beats)
    )
    ranks = dict(zip((each.label for each in entrants), pairwise.ranks(beats), strict=True))
    first = trials[0]
    protocol = name.partition("/")[0]
    settings = _settings(first, f"evaluation.{protocol}.", "protocols", protocol)
    return Contest(_data(first), settings, _budget(first), described, groups, ranks)


def _entrants(name: str, trials: Sequence[RankedTrial]) -> list[Entrant]:
    by_recipe: dict[tuple[str, ...], list[RankedTrial]] = defaultdict(list)
    for trial in trials:
        own = sorted(f"{key}={value}" for key, value in trial.recipe.items() if key.startswith(ENTRANT))
        by_recipe[tuple(own)].append(trial)
    labels = [clean(some[0].tags.get("cell", "?")) for some in by_recipe.values()]
    twice = {label for label, count in Counter(labels).items() if count > 1}
    entrants, used = [], set[str]()
    for label, some in zip(labels, by_recipe.values(), strict=True):
        unique = f"{label} ({some[0].experiment})" if label in twice else label
        unique = unique if unique not in used else f"{unique} #{some[0].tags['trial_id'][:6]}"
        used.add(unique)
        entrants.append(_entrant(name, unique, some))
    return entrants


def _entrant(name: str, label: str, trials: Sequence[RankedTrial]) -> Entrant:
    first = trials[0]
    values = {int(trial.tags["seed"]): trial.metrics[name] for trial in trials}
    recipe: dict[str, Any] = {part: {"name": first.recipe.get(f"{part}.name")} for part in ("method", "encoder")}
    weights = first.recipe.get("encoder.weights", "null")
    recipe["encoder"]["weights"] = None if weights == "null" else weights
    samples = first.tags.get("test_samples")
    errors = [trial.metrics[error] for trial in trials if (error := error_of(name)) in trial.metrics]
    measured = measurement(name, recipe, float(samples) if samples else None, list(values.values()), errors)
    ids = {int(trial.tags["seed"]): trial.tags["trial_id"] for trial in trials}
    experiments = tuple(dict.fromkeys(trial.experiment for trial in trials))
    return Entrant(
        label, experiments, ids, Scores(values, measured), estimate(list(values.values()), measured), first.recipe
    )


def _data(trial: RankedTrial) -> str:
    settings = _settings(trial, "data.", "datasets", trial.recipe.get("data.name", "?"))
    digest = trial.tags.get("data_digest", "")
    return f"{settings}, content {digest[:8]}" if digest else settings


def _settings(trial: RankedTrial, prefix: str, kind: str, name: str) -> str:
    """`knn (k=20)`: a component with those of its parameters that are set."""
    values = _decisive(trial, prefix, kind, name)
    stated = [f"{key}={_short(value)}" for key, value in values.items() if key != "name" and value not in UNSET]
    return clean(f"{name} ({', '.join(stated)})" if stated else name)


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:39]}…"


def _budget(trial: RankedTrial) -> str:
    epochs = trial.recipe.get(EPOCHS, "?")
    return f"{epochs} epoch" if epochs == "1" else f"{epochs} epochs"
