"""Where the numbers come from: commits, versions, machines, data, protocol settings, and each trial's identity."""

import json
from collections import Counter
from typing import Any

import pandas as pd

from probeline.report.results.axis_values import absent
from probeline.report.results.results import Results
from probeline.report.sentences.phrases import seeds
from probeline.report.tables.tables import Entry, Table

FACTS = {
    "git_commit": "Git commit",
    "versions": "Versions",
    "hardware": "Hardware",
    "device": "Device",
    "data_digest": "Data digest",
}

VERDICTS = {"equal": "every number equal to the bit", "differs": "numbers differ"}


def facts(results: Results) -> list[tuple[str, list[str]]]:
    """What all or some trials have in common: a name and its distinct values, each with its share of the trials."""
    trials = results.trials
    ran = trials[trials["run_id"].notna()] if "run_id" in trials else trials.iloc[:0]
    rows = {
        "Trials": [f"{count} {status}" for status, count in trials["status"].value_counts(sort=False).items()],
        "Seeds": [", ".join(map(str, sorted(trials["seed"].unique())))] if len(trials) else [],
        "Protocols": _protocols(trials),
    }
    for column, words in FACTS.items():
        if column in ran:
            rows[words] = _shares(ran, column)
    rows["Precision"] = _precisions(ran)
    rows["Run again"] = _verified(ran)
    rows["Cells on several devices"] = _cells_on_several_devices(ran)
    if len(ran) and ran["started"].notna().any():
        rows["Ran"] = [f"{_time(ran['started'].min())} to {_time(ran['finished'].max())}"]
    return [(name, values) for name, values in rows.items() if values]


def _precisions(ran: pd.DataFrame) -> list[str]:
    """The arithmetic of training and evaluation, from the notes of the trials."""
    texts = Counter(text for notes in ran.get("notes", []) if (text := _precision(notes)))
    if len(texts) == 1 and texts.total() == len(ran):
        return list(texts)
    return [f"{text} ({seeds(count, 'trial')})" for text, count in texts.items()]


def _verified(ran: pd.DataFrame) -> list[str]:
    """What came of the trials that were run again from their recipes (`probeline verify`), by outcome."""
    tags = [json.loads(tag) for tag in ran.get("verified", []) if not absent(tag)]
    counts = Counter(tag["verdict"] for tag in tags)
    if not counts:
        return []
    last = max(tag["at"] for tag in tags)[:10]
    numbers = sum(tag["compared"] for tag in tags)
    shares = [f"{count} of {len(ran)} trials: {VERDICTS.get(verdict, verdict)}" for verdict, count in counts.items()]
    return [*shares, f"{numbers} numbers compared, last on {last}"]


def _precision(notes: Any) -> str:
    if not isinstance(notes, dict):
        return ""
    parts = {"trained in": notes.get("precision"), "evaluated in": notes.get("evaluation_precision")}
    return ", ".join(f"{words} {arithmetic}" for words, arithmetic in parts.items() if arithmetic)


def _cells_on_several_devices(ran: pd.DataFrame) -> list[str]:
    """Each cell whose seeds ran on devices of several kinds: their spread is then not that of the seeds alone."""
    if "device" not in ran:
        return []
    cells = []
    for label, devices in ran[ran["device"].notna()].groupby("cell", sort=False)["device"]:
        counts = Counter(devices)
        if len(counts) > 1:
            shares = ", ".join(f"{device} ({seeds(count, 'trial')})" for device, count in counts.items())
            cells.append(
                f"{label}: {shares}; numbers of one seed differ between kinds of device, so that its spread "
                "is not that of seeds alone"
            )
    return cells


def identities(results: Results) -> Table:
    """A row a trial: its ids, when it ran, whether its training was resumed, which probes missed their optimum."""
    columns = ("Trial", "Cell", "Seed", "Status", "MLflow run", "Encoder", "Started", "Seconds")
    ran = ("started", "finished", "run_url", "notes")
    names = ("trial_id", "cell", "seed", "status", "run_id", "encoder_id", *ran)
    trials = results.trials
    values = (trials[name].tolist() if name in trials else [None] * len(trials) for name in names)
    rows = [_identity(*row) for row in zip(*values, strict=True)]
    return Table("trials", "Every planned trial.", columns, tuple(rows), frozenset({2, 7}))


def _identity(trial: str, cell: str, seed: int, status: str, run: Any, encoder: Any, *ran: Any) -> tuple[Entry, ...]:
    """`ran`: when it started, when it ended, where its run is shown, its notes."""
    started, ended, address, notes = ran
    seconds = None if absent(started) or absent(ended) else (ended - started).total_seconds()
    return (
        Entry(str(trial), str(trial)),
        Entry(str(cell), str(cell)),
        Entry(str(seed), float(seed)),
        Entry(str(status), str(status), _remarks(notes)),
        Entry("—" if absent(run) else str(run), None, link="" if absent(address) else str(address)),
        Entry(str(encoder), str(encoder)),
        Entry("—", None)
        if absent(started)
        else Entry(f"{started:%Y-%m-%d}", started.timestamp(), f"{started:%H:%M:%S} UTC"),
        Entry("—" if seconds is None else f"{seconds:,.1f}", seconds),
    )


def _remarks(notes: Any) -> str:
    """Those of a trial's notes that qualify its numbers, in one line."""
    if not isinstance(notes, dict):
        return ""
    resumed = [f"resumed {text}" for name, text in notes.items() if name == "resumed"]
    solvers = [f"{name.removesuffix('/solver')} {text}" for name, text in notes.items() if name.endswith("/solver")]
    return "; ".join(resumed + solvers)


def recipes(results: Results) -> list[tuple[str, str]]:
    """Each cell's label and its whole recipe, defaults filled in, as YAML-like JSON."""
    if "recipe" not in results.trials:
        return []
    first = results.trials.drop_duplicates("cell")
    return [
        (str(label), json.dumps(recipe, indent=2, ensure_ascii=False, default=str))
        for label, recipe in zip(first["cell"], first["recipe"], strict=True)
        if isinstance(recipe, dict)
    ]


def _protocols(trials: pd.DataFrame) -> list[str]:
    """How encoders were evaluated, settings stated: `knn (k=20, temperature=0.07)`."""
    protocols: dict[str, None] = {}
    recipes = {id(recipe): recipe for recipe in trials.get("recipe", [])}  # the trials of a cell share one
    for recipe in recipes.values():
        for name, settings in (recipe.get("evaluation") or {}).items() if isinstance(recipe, dict) else ():
            stated = ", ".join(f"{key}={json.dumps(value, default=str)}" for key, value in settings.items())
            protocols[f"{name} ({stated})" if stated else name] = None
    return list(protocols)


def _fact(column: str, value: Any, dirty: Any) -> str:
    if absent(value) or value == "":
        return "not recorded"
    if column == "git_commit":
        return f"{value}{', with uncommitted changes' if dirty is True else ''}"
    if column == "versions":
        try:
            return ", ".join(f"{name} {version}" for name, version in json.loads(value).items())
        except (ValueError, AttributeError):
            return str(value)
    return str(value)


def _shares(ran: pd.DataFrame, column: str) -> list[str]:
    dirty = ran["git_dirty"].tolist() if "git_dirty" in ran else [None] * len(ran)
    raw = Counter(zip(ran[column].tolist(), dirty, strict=True))
    counts: Counter[str] = Counter()
    for (value, also), count in raw.items():
        counts[_fact(column, value, also)] += count
    if len(counts) < 2:
        return list(counts)
    return [f"{value} ({seeds(count, 'trial')})" for value, count in counts.items()]


def _time(value: Any) -> str:
    return "—" if absent(value) else f"{pd.Timestamp(value):%Y-%m-%d %H:%M:%S} UTC"
