"""Leaderboards in words and tables: ranks with ties, and who cannot be told apart."""

from collections.abc import Sequence
from typing import Any

from probeline.report.results.metrics import Metric
from probeline.report.sentences.phrases import seeds
from probeline.report.sentences.text import clean
from probeline.report.tables.contests import Contest, Entrant
from probeline.report.tables.tables import Entry, Table
from probeline.statistics.intervals import Basis

COLUMNS = ("Rank", "Entrant", "Experiments", "n", "Mean", "95% interval")
MAX_NAMED = 8
MAX_GROUPS = 3
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def sentence(contest: Contest) -> str:
    """The result in words: which entrants nothing beats, and who cannot be told apart."""
    parts = []
    for rank, group in enumerate(contest.groups[:MAX_GROUPS]):
        names = [_named(each.label) for each in group]
        others = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        listed = ", ".join(names[:MAX_NAMED]) + others
        count = WORDS[len(names)] if len(names) < len(WORDS) else f"{len(names):,}"
        tied = f"these {count} cannot be told apart: {listed}" if len(names) > 1 else listed
        parts.append(f"then, each beaten by at least one of those before, {tied}" if rank else tied)
    if len(contest.groups[0]) == 1:
        parts[0] = f"{parts[0]} stands alone, and nothing beats it"
    rest = len(contest.groups) - len(parts)
    words = "; ".join(
        [*parts, *[f"and {rest} more such groups" if rest > 1 else "and one more such group"] * bool(rest)]
    )
    return f"{words[:1].upper()}{words[1:]}." if words.startswith("these ") else f"{words}."


def _named(label: str) -> str:
    """A label in a list: in quotation marks where it has a comma of its own."""
    return f'"{label}"' if ", " in label else label


def table(contest: Contest, number: int) -> Table:
    """A row an entrant, group by group; the alphabet's order within a group."""
    described = contest.metric
    rows = [_row(each, contest.ranks[each.label], described) for group in contest.groups for each in group]
    caption = f"{described.heading} on {contest.data}; {contest.protocol}; {contest.budget}."
    return Table(f"contest-{number}", caption, COLUMNS, tuple(rows), frozenset({3, 4, 5}))


def _row(each: Entrant, rank: tuple[int, int], of: Metric) -> tuple[Entry, ...]:
    first, last = rank
    behind = tuple(f"seed {s}: {of.text(v)}, trial {each.trials[s]}" for s, v in sorted(each.scores.values.items()))
    interval = each.estimate.interval
    bounds = "—" if interval is None else f"{of.number(of.clip(interval.low))} to {of.number(of.clip(interval.high))}"
    bounds = "depends on no seed" if each.estimate.basis is Basis.DETERMINISTIC else bounds
    names = clean(", ".join(each.experiments))
    return (
        Entry(f"{first}" if first == last else f"{first} to {last}", first),
        Entry(each.label, each.label),
        Entry(names, names),
        Entry(str(each.estimate.n), each.estimate.n),
        Entry(of.text(each.estimate.mean), each.estimate.mean, behind=(f"mean of {seeds(each.estimate.n)}", *behind)),
        Entry(bounds, None if interval is None else interval.low),
    )


def as_dict(contest: Contest) -> dict[str, Any]:
    """A contest as JSON-able values, for programs."""
    return {
        "metric": contest.metric.name,
        "data": contest.data,
        "protocol": contest.protocol,
        "budget": contest.budget,
        "result": sentence(contest),
        "groups": [[_entrant_dict(each, contest) for each in group] for group in contest.groups],
    }


def _entrant_dict(each: Entrant, contest: Contest) -> dict[str, Any]:
    interval = each.estimate.interval
    return {
        "entrant": each.label,
        "experiments": list(each.experiments),
        "rank": list(contest.ranks[each.label]),
        "n": each.estimate.n,
        "mean": each.estimate.mean,
        "interval": None if interval is None else [interval.low, interval.high],
        "trials": {str(seed): trial for seed, trial in sorted(each.trials.items())},
    }


def text(every: Sequence[Contest]) -> str:
    """For a terminal: each contest, its result in words."""
    lines = []
    for each in every:
        lines += [f"{each.metric.heading} on {each.data}; {each.protocol}; {each.budget}; {each.entrants} entrants",
                  f"  {sentence(each)}"]  # fmt: skip
    return "\n".join(lines)
