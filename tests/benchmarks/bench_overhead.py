"""What a trivial trial costs: Probeline's warm workers against plain Ray Tune with a function trainable; then 1,000.

The trivial trial is real: 64 images of `digits`, raw pixels, no training, 1-nearest-neighbour, recorded in MLflow.
The peer runs the same trial as a function under `tune.Tuner` and records nothing. The cost of a trial is the slope
between a small and a large grid, so that start-up is in neither.

The grid of 1,000 is one run of the command's own code, start to end. The driver's memory is its resident set when the
100th and when the last trial has ended. The resumed grid has 990 finished trials in MLflow, and what is timed is a new
process, from its first import to the first trial that starts.

`python -m tests.benchmarks.bench_overhead 300` makes the grid one of 300 trials, and leaves out the rest.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.row import Row

SPEC = """
name: trivial
base:
  data: {name: digits, train_size: 64, test_size: 64}
  encoder: raw_pixels
  method: random_init
  training: {epochs: 0}
  evaluation: [{name: knn, k: 1}]
"""

MANY, LEFT, SETTLED = 1000, 10, 100
RESUME = """
import sys, time
from pathlib import Path
from probeline.execution.run import RunEnvironment, run
from probeline.execution.progress import ProgressDisplay
from probeline.tracking.writing.experiments import describe
from rich.console import Console
from tests.benchmarks.bench_overhead import planned


class Clock(ProgressDisplay):
    def started(self, trial):
        print("started", time.time() - float(sys.argv[3]), flush=True)
        super().started(trial)


plan, uri = planned(Path(sys.argv[1]), int(sys.argv[2]))
print("to run", len(plan.todo), flush=True)
site = RunEnvironment(Path(sys.argv[1]) / "site", uri)
run(plan, describe(plan.experiment, "", {}), site, Clock(plan.todo, 0, Console()))
"""


def ours(folder: Path, trials: int) -> float:
    """Seconds of a run of `trials` trivial trials, to the last byte in MLflow."""
    from probeline.execution.planning.plan import make
    from probeline.execution.progress import ProgressDisplay
    from probeline.execution.run import RunEnvironment, run
    from probeline.experiment.load import load_text
    from probeline.tracking.server.location import resolve
    from probeline.tracking.writing.experiments import describe
    from rich.console import Console

    experiment = load_text(SPEC + f"seeds: {trials}\n", f"trivial-{trials}")
    uri = resolve(f"sqlite:///{folder}/mlflow-{trials}.db")
    plan = make(experiment, uri)
    start = time.perf_counter()
    watch = ProgressDisplay(plan.todo, 0, Console())
    outcome = run(plan, describe(experiment, "", {}), RunEnvironment(folder / str(trials), uri), watch)
    assert len(outcome.finished) == trials, outcome
    return time.perf_counter() - start


def plain(trials: int) -> float:
    """Seconds of the same trials as a function trainable."""
    from ray import tune

    def trial(config: dict) -> None:
        from probeline.execution.planning.plan import make
        from probeline.experiment.load import load_text
        from probeline.training.trial import run
        from probeline.training.trial_storage import Storage

        planned = make(load_text(SPEC + f"seeds: [{config['seed']}]\n", "trivial"), "sqlite:////nonexistent/mlflow.db")
        for said in run(planned.trials[0], Storage(Path(tempfile.mkdtemp()))):
            last = said
        tune.report({"last": getattr(last, "value", 0.0)})

    start = time.perf_counter()
    space = {"seed": tune.grid_search(list(range(trials)))}
    config = tune.RunConfig(storage_path=tempfile.mkdtemp(), verbose=0)
    tune.Tuner(tune.with_resources(trial, {"cpu": 1}), param_space=space, run_config=config).fit()
    return time.perf_counter() - start


def planned(folder: Path, trials: int):
    """(plan, MLflow's address) of that many trivial trials."""
    from probeline.execution.planning.plan import make
    from probeline.experiment.load import load_text
    from probeline.tracking.server.location import resolve

    uri = resolve(f"sqlite:///{folder}/mlflow-many.db")
    return make(load_text(SPEC + f"seeds: {trials}\n", "trivial-many"), uri), uri


def resident() -> float:
    """This process's memory in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def many(folder: Path, trials: int) -> tuple[float, list[float]]:
    """Seconds a trial of a run of `trials`, and the driver's memory in MB after each of them."""
    from probeline.execution.progress import ProgressDisplay
    from probeline.execution.run import RunEnvironment, run
    from probeline.tracking.writing.experiments import describe
    from rich.console import Console

    class Memory(ProgressDisplay):
        def finished(self, trial) -> None:
            super().finished(trial)
            held.append(resident())

    held: list[float] = []
    start = time.perf_counter()
    plan, uri = planned(folder, trials)
    seen = Memory(plan.todo, 0, Console())
    outcome = run(plan, describe(plan.experiment, "", {}), RunEnvironment(folder / "many", uri), seen)
    assert len(outcome.finished) == trials and not outcome.unsent, outcome
    return (time.perf_counter() - start) / trials, held


def resumed(folder: Path, trials: int) -> float:
    """Seconds from a new process to its first trial, where all but LEFT of a grid have finished."""
    from tests.benchmarks.finished import finish

    plan, uri = planned(folder, trials)
    finish(folder / "mlflow-many.db", uri, plan.trials[: trials - LEFT])
    command = [sys.executable, "-c", RESUME, str(folder), str(trials), str(time.time())]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert f"to run {LEFT}" in said, said
    return min(float(line.split()[1]) for line in said if line.startswith("started"))


def grid_rows(trials: int) -> Iterator[Row]:
    """The large grid and its resume."""
    with tempfile.TemporaryDirectory() as name:
        each, held = many(Path(name), trials)
        yield Row(f"{trials:,} trivial trials, sqlite, all in", each, "s each", target="under 0.25 s", met=each < 0.25)
        growth = held[-1] - held[SETTLED - 1]
        words = f"driver's memory, from trial {SETTLED} to {trials:,}"
        yield Row(words, growth, "MB more", target="under 50 MB", met=growth < 50)
    with tempfile.TemporaryDirectory() as name:
        spent = resumed(Path(name), trials)
        yield Row(f"resume of {trials:,} trials with {LEFT} left", spent, "s", target="under 5 s", met=spent < 5)


def rows() -> Iterator[Row]:
    import probeline.execution.ray.engine  # noqa: F401 (sets Ray's environment before Ray is imported)
    import ray

    with tempfile.TemporaryDirectory() as name:
        ours_each = (ours(Path(name), 60) - ours(Path(name), 10)) / 50
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        plain_each = (plain(14) - plain(4)) / 10
        ray.shutdown()
    ratio = plain_each / ours_each
    yield Row(
        "a trivial trial, warm",
        ours_each,
        "s",
        plain_each,
        "plain Ray Tune",
        ratio,
        "at most 0.4 s and at least 5x below plain",
        ours_each <= 0.4 and ratio >= 5,
    )
    yield from grid_rows(MANY)


if __name__ == "__main__":
    import probeline.execution.ray.engine  # noqa: F401

    for row in grid_rows(int(sys.argv[1])):
        print(row, flush=True)
