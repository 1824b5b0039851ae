"""48 short real trials end to end: Probeline, plain Ray Tune with its MLflow callback, and the bare trainings.

A trial: an encoder of width 4 on the digits, SimCLR or rotation, a linear probe. Ours is `run` from the plan to the
last byte in MLflow, Ray's start included. The peer runs the same trials as a function under `tune.Tuner` with
`MLflowLoggerCallback` on a database of its own, Ray's start included too; it reports each epoch, as we record each. The
ideal is the trials alone, in as many processes as there are cores, their imports left out, divided by the cores.

`python -m tests.benchmarks.bench_grid 12` measures 12 trials.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.row import Row

TRIALS = 48
SPEC = """
name: grid
base:
  data: {{name: digits, train_size: 1000, test_size: 300}}
  encoder: {{name: resnet, width: 4}}
  training: {{epochs: 8, lr: 0.1}}
  evaluation: [linear_probe]
grid:
  method: [simclr, rotation]
  training.batch_size: [64, 128]
seeds: {seeds}
"""
BARE = """
import sys, time, tempfile
from pathlib import Path
import torch
from tests.benchmarks.bench_grid import planned
from probeline.training.trial import run
from probeline.training.trial_storage import Storage
torch.set_num_threads(1)
trials = planned(int(sys.argv[1])).trials[int(sys.argv[2])::int(sys.argv[3])]
list(run(planned(4).trials[0], Storage(Path(tempfile.mkdtemp()))))  # imports and caches
start = time.perf_counter()
for trial in trials:
    list(run(trial, Storage(Path(tempfile.mkdtemp()))))
print(time.perf_counter() - start)
"""


def planned(trials: int, uri: str = "sqlite:////nonexistent/mlflow.db"):
    """The plan of that many trials, a multiple of 4."""
    from probeline.execution.planning.plan import make
    from probeline.experiment.load import load_text

    return make(load_text(SPEC.format(seeds=trials // 4), "grid"), uri)


def ours(trials: int, folder: Path) -> float:
    """Seconds of the whole run."""
    from probeline.execution.progress import ProgressDisplay
    from probeline.execution.run import RunEnvironment, run
    from probeline.tracking.server.location import resolve
    from probeline.tracking.writing.experiments import describe
    from rich.console import Console

    uri = resolve(f"sqlite:///{folder}/ours.db")
    start = time.perf_counter()
    plan = planned(trials, uri)
    outcome = run(
        plan,
        describe(plan.experiment, "", {}),
        RunEnvironment(folder / "ours", uri),
        ProgressDisplay(plan.todo, 0, Console()),
    )
    assert len(outcome.finished) == trials and not outcome.unsent, outcome
    return time.perf_counter() - start


def plain(trials: int, folder: Path) -> float:
    """Seconds of the same trials as a function trainable with Ray's own MLflow callback."""
    import ray
    from ray import tune
    from ray.air.integrations.mlflow import MLflowLoggerCallback

    def train(config: dict) -> None:
        import torch
        from probeline.core.events import Record
        from probeline.training.trial import run
        from probeline.training.trial_storage import Storage

        torch.set_num_threads(1)
        epoch: dict[str, float] = {}
        for said in run(config["trial"], Storage(folder / "plain-encoders")):
            if isinstance(said, Record):
                if said.name in epoch:
                    tune.report(epoch)
                    epoch = {}
                epoch[said.name] = said.value
        tune.report(epoch)

    start = time.perf_counter()
    ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    callback = MLflowLoggerCallback(tracking_uri=f"sqlite:///{folder}/plain.db", experiment_name="grid")
    found = tune.Tuner(
        tune.with_resources(train, {"cpu": 1}),
        param_space={"trial": tune.grid_search(planned(trials).trials)},
        run_config=tune.RunConfig(storage_path=str(folder / "plain"), verbose=0, callbacks=[callback]),
    ).fit()
    ray.shutdown()
    assert not found.errors and len(found) == trials
    return time.perf_counter() - start


def ideal(trials: int) -> float:
    """Seconds of the trainings alone, spread evenly over the cores."""
    cores = os.cpu_count() or 1
    command = [sys.executable, "-c", BARE, str(trials)]
    running = [
        subprocess.Popen([*command, str(part), str(cores)], stdout=subprocess.PIPE, text=True) for part in range(cores)
    ]
    return sum(float(process.communicate()[0].split()[-1]) for process in running) / cores


def rows(trials: int = TRIALS) -> Iterator[Row]:
    import probeline.execution.ray.engine  # noqa: F401 (sets Ray's environment before Ray is imported)

    planned(4)  # decodes the data
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before, spent, after = ideal(trials), ours(trials, folder), ideal(trials)
        bare = (before + after) / 2
        share = bare / spent
        yield Row(f"{trials} short trials", spent, "s", bare, "bare", share, "at least 0.85 of bare", share >= 0.85)
        peer = plain(trials, folder)
        again = ours(trials, Path(tempfile.mkdtemp(dir=folder)))
        mean = (spent + again) / 2
        yield Row(
            "the same beside plain Ray Tune", mean, "s", peer, "function and MLflow callback", peer / mean,
            "at least 3x faster", peer / mean >= 3,
        )  # fmt: skip


if __name__ == "__main__":
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS):
        print(row, flush=True)
