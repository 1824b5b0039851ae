"""A project with an experiment whose trials have already become this or that, as a run would have left it in MLflow."""

from collections.abc import Callable
from pathlib import Path

from mlflow import MlflowClient
from probeline.core.events import Record
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.experiment.trial import Trial
from probeline.tracking.reading.results import statuses
from probeline.tracking.server.location import resolve
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.writing.writer import Writer

EPOCHS = 4
TRACEBACK = (
    'Traceback (most recent call last):\n  File "mine.py", line 3, in loss\nZeroDivisionError: division by zero\n'
)


def project(folder: Path, spec: str, fate: Callable[[int, Trial], str]) -> Path:
    """The file of `spec` in `folder`, beside an `mlflow.db` that holds its trials.

    `fate`: the trial's number and the trial -> finished, running, failed, diverged or new.
    """
    file = folder / "spec.yaml"
    file.write_text(spec, encoding="utf-8")
    uri = resolve(f"sqlite:///{folder}/mlflow.db")
    plan = make(load(file), uri)
    fates = [(trial, fate(number, trial)) for number, trial in enumerate(plan.trials)]
    with Writer(uri, ExperimentInfo(plan.experiment.name, spec_text=spec), folder / ".probeline") as writer:
        for number, (trial, become) in enumerate(fates):
            if become != "new":
                _live(writer, trial, become, 0.5 + 0.4 * (number % 7) / 7)
        assert writer.flush(300), writer.trouble
    left = [trial.id for trial, become in fates if become == "running"]
    for status in statuses(uri, left).values():  # the writer's end has marked them as interrupted
        MlflowClient(uri).update_run(status.run_id, "RUNNING")
    return file


def _live(writer: Writer, trial: Trial, become: str, level: float) -> None:
    writer.started(trial)
    epochs = range(1, EPOCHS + 1 - (become == "running"))
    writer.records(trial.id, [Record("train/loss", 2 / (epoch + level), epoch) for epoch in epochs])
    if become == "finished":
        cost = [Record("cost/train_seconds", 12.0), Record("cost/eval_seconds", 3.0)]
        writer.records(trial.id, [Record("linear_probe/top1", level), Record("knn/top1", level - 0.1), *cost])
        writer.finished(trial.id)
    elif become == "failed":
        writer.failed(trial.id, "error", "ZeroDivisionError: a mistake", TRACEBACK)
    elif become == "diverged":
        writer.failed(trial.id, "diverged", f"{trial.cell.label}: the loss is not finite at epoch 2, step 4")
