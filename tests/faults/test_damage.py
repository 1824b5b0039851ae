"""Two drivers at once, files that a crash cut short, a database that somebody else holds: nothing lost or doubled."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from helpers.faults.driver import end, resumed_after, start, trial_runs, wait_for_an_epoch
from helpers.faults.record import SPEC, check_the_record


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


def test_of_two_drivers_started_at_once_on_one_experiment_one_is_turned_away(folder):
    drivers = [start(folder), start(folder)]
    said = {driver: end(driver) for driver in drivers}
    first, second = sorted(drivers, key=lambda driver: driver.returncode)
    assert (first.returncode, second.returncode) == (0, 2), said.values()
    assert "another run of 'killed' is at work in .probeline; wait for it or stop it" in said[second]
    assert "Traceback" not in said[second]
    check_the_record(folder)


@pytest.mark.slow
def test_truncated_checkpoints_and_a_corrupted_cache_cost_time_and_nothing_else(folder):
    driver = start(folder)
    wait_for_an_epoch(folder)
    driver.terminate()
    end(driver)
    checkpoints = list((folder / ".probeline/checkpoints").glob("*.safetensors"))
    arrays = [path for path in (folder / "cache").rglob("*.npy") if path.stat().st_size]
    assert checkpoints
    assert arrays
    for path in [*checkpoints, *arrays]:
        cut(path)

    again = start(folder)
    said = end(again)
    assert again.returncode == 0, said
    assert {resumed_after(run) for run in trial_runs(folder, "killed")} == {None}
    check_the_record(folder)


def cut(path: Path) -> None:
    """Leaves the first half, as a disk does that lost power."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


@pytest.mark.slow
def test_a_database_that_another_process_holds_is_waited_for_and_named_when_a_run_is_planned(folder):
    driver = start(folder)
    wait_for_an_epoch(folder)
    with closing(sqlite3.connect(folder / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(30)  # the four trials end meanwhile
        other.execute("ROLLBACK")
    said = end(driver)
    assert driver.returncode == 0, said
    check_the_record(folder)

    with closing(sqlite3.connect(folder / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        turned_away = start(folder)
        said = end(turned_away)
        other.execute("ROLLBACK")
    assert turned_away.returncode == 2, said
    assert "cannot be read: database is locked; another process holds it: wait for that, or end it" in said
    assert "Traceback" not in said
