"""Memory that runs out: a batch goes on in parts where that changes no number, and a worker that leaks is replaced."""

import pytest
import torch
from helpers.faults.cells import with_faulty_cells
from helpers.faults.driver import end, start, trial_runs
from probeline.core.events import Note, Record
from probeline.errors import OutOfMemory
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.training.trial import run
from probeline.training.trial_storage import Storage

SPEC = """
name: narrow
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: raw_pixels
  method: helpers.faults.narrow
  training: {epochs: 3, batch_size: 64, lr: 0.05, online_probe: false}
  evaluation: [{name: knn, k: 5}]
"""


@pytest.fixture
def trial(tmp_path):
    """The trial on a device with room for `fits` samples."""
    (tmp_path / "narrow.yaml").write_text(SPEC)

    def of(**settings):
        sets = [f"method.{key}={str(value).lower()}" for key, value in settings.items()]
        return make(load(tmp_path / "narrow.yaml", sets=sets), f"sqlite:///{tmp_path}/mlflow.db").trials[0]

    return of


def told(trial, folder) -> tuple[dict[tuple[str, int], float], dict[str, str]]:
    """What a trial says: numbers and notes."""
    said = list(run(trial, Storage(folder), torch.device("cpu")))
    records = {(each.name, each.step): each.value for each in said if isinstance(each, Record)}
    return (
        {key: value for key, value in records.items() if not key[0].startswith("cost/")},
        {each.name: each.text for each in said if isinstance(each, Note) and "precision" not in each.name},
    )


def test_a_batch_that_does_not_fit_goes_on_in_parts_with_the_same_numbers(trial, tmp_path):
    wide, nothing = told(trial(), tmp_path / "wide")
    assert nothing == {}
    narrow, notes = told(trial(fits=20), tmp_path / "narrow")
    assert notes == {"micro_batch": "16: 32 samples at once did not fit; same gradient but for rounding"}
    assert narrow == pytest.approx(wide, rel=1e-4)
    losses = [wide["train/loss", epoch] for epoch in (1, 2, 3)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > 1.001 * losses[2]  # something was learned, so equal numbers say something
    again, notes = told(trial(fits=20), tmp_path / "narrow")  # from the store
    assert again == narrow
    assert "micro_batch" in notes


def test_where_parts_would_change_the_numbers_memory_ends_the_trial_with_advice(trial, tmp_path):
    with pytest.raises(OutOfMemory, match=r"out of memory.*lower training\.batch_size"):
        told(trial(fits=20, norm=True), tmp_path)


def test_a_device_on_which_not_even_two_samples_fit_is_told_so(trial, tmp_path):
    with pytest.raises(OutOfMemory, match=r"lower training\.batch_size"):
        told(trial(fits=1), tmp_path)


@pytest.mark.slow
def test_a_worker_that_leaks_is_replaced_between_trials_and_no_trial_suffers(folder):
    more = "seeds: 6\nresources: {recycle_gib: 0.25}\n"
    with_faulty_cells(folder, "leak", more=more)
    driver = start(folder, "--set", "resources.cpus=2")  # one worker for all of them
    said = end(driver)
    assert driver.returncode == 0, said
    assert "Workers replaced between trials, as they kept memory:" in said
    assert "started again" not in said
    runs = [run for run in trial_runs(folder, "faults") if run.data.tags["probeline.cell"] == "leak"]
    assert len(runs) == 6
    assert {run.info.status for run in trial_runs(folder, "faults")} == {"FINISHED"}
    assert not any("probeline.restarts" in run.data.tags for run in runs)
    most = [run.data.metrics["cost/peak_memory_bytes"] for run in runs]
    assert max(most) - min(most) < 1000 * 2**20  # six leaks of 300 MiB in one process come to 1,500 MiB more


def test_a_worker_that_ray_ends_for_memory_costs_its_trial_and_not_the_run(folder, monkeypatch):
    with_faulty_cells(folder)
    with monkeypatch.context() as scarce:
        scarce.setenv("RAY_memory_usage_threshold", "0.0001")  # Ray's watch of the node's memory then ends every worker
        scarce.setenv("RAY_memory_monitor_refresh_ms", "100")
        driver = start(folder)
        said = end(driver)
    assert driver.returncode == 1, said
    assert "Ray ended its worker because the node's memory ran out" in said
    assert "Traceback" not in said
    assert {run.data.tags["probeline.failure"] for run in trial_runs(folder, "faults")} == {"evicted"}
    driver = start(folder)
    said = end(driver)
    assert driver.returncode == 0, said
    runs = [run for run in trial_runs(folder, "faults") if run.info.status == "FINISHED"]
    assert len({run.data.tags["probeline.trial_id"] for run in runs}) == len(runs) > 0
