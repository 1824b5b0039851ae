"""How large an experiment may be, asked before it is expanded: a plan is an answer within seconds."""

from probeline.experiment.problems import Path, Problem
from probeline.experiment.tuning import Tune
from probeline.experiment.yaml_source import SpecSource

MAX_CELLS = 30_000
MAX_TRIALS = 100_000
MAX_TUNING_TRIALS = 20_000
MAX_OVERRIDES = 1_000_000
"""Values laid over each other, all cells together: what expansion takes time for."""
MAX_LOOKUPS = 3_000_000
"""Keys of conditions that are looked up, all cells together."""


def size_problem(source: SpecSource, at: Path, cells: int, seeds: int, overrides: int) -> Problem | None:
    """The mistake of too many cells, of too many trials with these seeds, or of too many values; None where all fit."""
    if cells > MAX_CELLS:
        return source.problem(at, f"makes {cells:,} cells; at most {MAX_CELLS:,}")
    if cells * seeds > MAX_TRIALS:
        trials = f"{cells:,} cells x {seeds:,} seeds = {cells * seeds:,} trials"
        return source.problem(at, f"makes {trials}; at most {MAX_TRIALS:,}")
    if overrides > MAX_OVERRIDES:
        return source.problem(at, f"sets {overrides:,} values, all cells together; at most {MAX_OVERRIDES:,}")
    return None


def lookups_problem(source: SpecSource, at: Path, keys: int, cells: int) -> Problem | None:
    """The mistake of conditions on too many keys for so many cells; None where there is none."""
    if keys * cells <= MAX_LOOKUPS:
        return None
    return source.problem(at, f"asks for {keys:,} different keys of {cells:,} cells; at most {MAX_LOOKUPS:,} in all")


def tuning_problem(source: SpecSource, tune: Tune, cells: int) -> Problem | None:
    """The mistake of too many tuning trials, or of too many values to choose from; None where there is none."""
    points, seeds = tune.points, len(tune.seeds)
    if cells * points * seeds > MAX_TUNING_TRIALS:
        trials = f"{cells:,} cells x {points:,} trials x {seeds:,} seeds = {cells * points * seeds:,} tuning trials"
        return source.problem(("tune", "trials"), f"makes {trials}; at most {MAX_TUNING_TRIALS:,}")
    choices = cells * sum(len(given.choice or ()) for given in tune.space.values())
    if choices > MAX_OVERRIDES:
        return source.problem(
            ("tune", "space"), f"sets {choices:,} values, all cells together; at most {MAX_OVERRIDES:,}"
        )
    return None
