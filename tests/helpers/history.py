"""Finished trials with stated costs in MLflow."""

from helpers.trial_events import info
from probeline.core.events import Record
from probeline.experiment.resources import Resources
from probeline.tracking.reading.costs import DEVICE, SHAPE, shape
from probeline.tracking.writing.provenance import processor
from probeline.tracking.writing.writer import Writer


def remember(uri, folder, plan, seconds_an_image: float, eval_seconds: float, seeds=(0,)) -> None:
    """History: the plan's trials of these seeds have finished with these costs, on this machine."""
    with Writer(uri, info("history"), folder) as writer:
        for trial in (trial for trial in plan.trials if trial.seed in seeds):
            trains = trial.cell.recipe.method.name != "random_init"
            writer.started(trial, tags={SHAPE: str(shape(trial, Resources())), DEVICE: processor()})
            said = [Record("cost/train_seconds", 1.0 if trains else 0.0), Record("cost/eval_seconds", eval_seconds)]
            writer.records(trial.id, said + [Record("cost/images_per_second", 1 / seconds_an_image)] * trains)
            writer.finished(trial.id)
        assert not writer.close()
