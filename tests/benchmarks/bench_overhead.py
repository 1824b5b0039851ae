"""What a trivial trial costs: Probeline's warm workers against plain Ray Tune with a function trainable.

The trivial trial is real: 64 images of `digits`, raw pixels, no training, 1-nearest-neighbour, recorded in MLflow.
The peer runs the same trial as a function under `tune.Tuner` and records nothing. The cost of a trial is the slope
between a small and a large grid, so that start-up is in neither.
"""

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


def ours(folder: Path, trials: int) -> float:
    """Seconds of a run of `trials` trivial trials, to the last byte in MLflow."""
    from probeline.execution.plan import make
    from probeline.execution.run import Site, run
    from probeline.execution.watch import Watch
    from probeline.spec.load import load_text
    from probeline.tracking.experiment import describe
    from probeline.tracking.location import resolve
    from rich.console import Console

    experiment = load_text(SPEC + f"seeds: {trials}\n", f"trivial-{trials}")
    uri = resolve(f"sqlite:///{folder}/mlflow-{trials}.db")
    plan = make(experiment, uri)
    start = time.perf_counter()
    watch = Watch(plan.todo, 0, Console())
    outcome = run(plan, describe(experiment, "", {}), Site(folder / str(trials), uri), watch)
    assert len(outcome.finished) == trials, outcome
    return time.perf_counter() - start


def plain(trials: int) -> float:
    """Seconds of the same trials as a function trainable."""
    from ray import tune

    def trial(config: dict) -> None:
        from probeline.execution.plan import make
        from probeline.spec.load import load_text
        from probeline.training.trial import Storage, run

        planned = make(load_text(SPEC + f"seeds: [{config['seed']}]\n", "trivial"), "sqlite:////nonexistent/mlflow.db")
        for said in run(planned.trials[0], Storage(Path(tempfile.mkdtemp()))):
            last = said
        tune.report({"last": getattr(last, "value", 0.0)})

    start = time.perf_counter()
    space = {"seed": tune.grid_search(list(range(trials)))}
    config = tune.RunConfig(storage_path=tempfile.mkdtemp(), verbose=0)
    tune.Tuner(tune.with_resources(trial, {"cpu": 1}), param_space=space, run_config=config).fit()
    return time.perf_counter() - start


def rows() -> Iterator[Row]:
    import probeline.execution.engine  # noqa: F401 (sets Ray's environment before Ray is imported)
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
