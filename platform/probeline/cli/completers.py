"""What may stand next on the command line: specs, scales, keys, kinds, plug-ins, trial ids.

A shell asks at every TAB, so nothing here imports more than a twentieth of a second.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probeline.errors import UserError

SHELLS = ("bash", "zsh", "fish")
SUFFIXES = (".yaml", ".yml")
MAX_TRIALS = 200
"""Trial ids offered at once."""

OF_RUN = ("seeds", "resources.cpus", "resources.gpus", "resources.workers")


@dataclass(frozen=True)
class CommandLine:
    """The values of options and arguments so far, by the names of the command's parameters."""

    params: Mapping[str, str] = field(default_factory=dict)


def specs(ctx: CommandLine, incomplete: str) -> Iterator[str]:
    """Spec files and folders that begin so, and the specs of installed packages."""
    folder, _, start = incomplete.rpartition("/")
    below = Path(f"{folder}/" if folder else ".")
    for path in sorted(below.iterdir()) if below.is_dir() else ():
        hidden = path.name.startswith(".") and not start.startswith(".")
        if path.name.startswith(start) and not hidden:
            name = f"{folder}/{path.name}" if folder else path.name
            if path.is_dir():
                yield f"{name}/"
            elif path.suffix in SUFFIXES:
                yield name
    if not folder:
        yield from (name for name in _packaged() if name.startswith(incomplete))


def scales(ctx: CommandLine, incomplete: str) -> Iterator[str]:
    """The scales of the spec on the command line."""
    yield from (name for name in _mapping(_tree(ctx).get("scales")) if name.startswith(incomplete))


def overrides(ctx: CommandLine, incomplete: str) -> Iterator[str]:
    """`KEY=` for the axes of the spec, the keys of its base recipe and those of a run."""
    tree = _tree(ctx)
    axes = [*_mapping(tree.get("grid")), *(key for group in _listed(tree.get("zip")) for key in _mapping(group))]
    axes += [key for rule in _listed(tree.get("when")) for key in _mapping(_mapping(rule).get("grid"))]
    keys = dict.fromkeys([*axes, *_dotted(_mapping(tree.get("base")), ""), *OF_RUN])
    yield from (f"{key}=" for key in keys if f"{key}=".startswith(incomplete))


def kinds(ctx: CommandLine, incomplete: str) -> Iterator[str]:
    """Kinds of plug-ins, `metrics` and `specs`."""
    from probeline.plugins.locations import KINDS

    yield from (kind for kind in sorted([*KINDS, "metrics", "specs"]) if kind.startswith(incomplete))


def plugins(ctx: CommandLine, incomplete: str) -> Iterator[str]:
    """The plug-ins of the kind on the command line; of metrics, the protocols."""
    from probeline.plugins.locations import KINDS, shipped

    kind = str(ctx.params.get("kind"))
    kind = "protocols" if kind == "metrics" else kind
    yield from (name for name in sorted(shipped(kind) if kind in KINDS else ()) if name.startswith(incomplete))


def trial_ids(ctx: CommandLine, incomplete: str) -> Iterator[str]:
    """The trials of a database file that begin so; a server is not asked."""
    import sqlite3
    from contextlib import closing

    uri = ctx.params.get("tracking_uri") or os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
    file = Path(uri.removeprefix("sqlite:///"))
    if uri.partition(":")[0] != "sqlite" or not file.is_file() or (not incomplete.isalnum() and incomplete):
        return
    statement = (
        "select distinct tags.value from tags join runs on runs.run_uuid = tags.run_uuid "
        "where tags.key = 'probeline.trial_id' and tags.value like ? and runs.lifecycle_stage = 'active' "
        f"order by tags.value limit {MAX_TRIALS}"
    )
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=0.1)) as connection:
            rows = connection.execute(statement, (f"{incomplete}%",)).fetchall()
    except sqlite3.Error:  # locked, or no database of MLflow: there is nothing to offer
        return
    yield from (str(value) for (value,) in rows)


def shells(ctx: CommandLine, incomplete: str) -> Iterator[str]:
    """The shells that are completed in."""
    yield from (shell for shell in SHELLS if shell.startswith(incomplete))


def _packaged() -> Iterator[str]:
    from probeline.experiment.packages import spec_folders, specs_in

    try:
        for name, folder in spec_folders().items():
            yield from (f"{name}:{inner}" for inner in specs_in(folder))
    except UserError:
        return


def _tree(ctx: CommandLine) -> dict[str, Any]:
    """What the spec on the command line says, with all that it extends; {} where it cannot be read."""
    from probeline.experiment.extends import read
    from probeline.experiment.packages import spec_file

    spec = ctx.params.get("spec")
    if not spec:
        return {}
    try:
        return _mapping(read(spec_file(spec)).value)
    except UserError:
        return {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dotted(value: dict[str, Any], prefix: str) -> Iterator[str]:
    """The dotted keys of nested mappings, names of components aside."""
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _dotted(item, f"{prefix}{key}.")
        if key != "name":
            yield f"{prefix}{key}"
