"""A disk that is really full: one message with its remedy, nothing half-written, and the next run goes on."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from helpers.faults.driver import end, start, trial_runs, wait_for_an_epoch
from helpers.faults.record import SPEC, check_the_record
from helpers.faults.small_disk import fill, small_disk
from helpers.trial_events import curve, info, trial
from probeline.core.dataset import Split
from probeline.data import cache
from probeline.errors import DiskFull
from probeline.tracking.reading.results import frame
from probeline.tracking.writing.writer import Writer
from probeline.training.checkpoints import Checkpoint
from probeline.training.encoder_store import EncoderStore


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", kilobytes=300) as place:
        yield place


def test_a_checkpoint_without_room_leaves_the_old_one_and_no_part(disk):
    checkpoint = Checkpoint(disk / "state.safetensors")
    checkpoint.save({"weight": torch.zeros(1000)}, {"epoch": 1})
    filler = fill(disk)
    with pytest.raises(DiskFull, match="cannot be written, the disk is full; make room there"):
        checkpoint.save({"weight": torch.ones(50_000)}, {"epoch": 2})
    assert sorted(path.name for path in disk.iterdir()) == ["filler", "state.safetensors"]
    tensors, facts = checkpoint.load()
    assert (float(tensors["weight"].sum()), facts) == (0.0, {"epoch": 1})
    filler.unlink()
    checkpoint.save({"weight": torch.ones(50_000)}, {"epoch": 2})
    assert checkpoint.load()[1] == {"epoch": 2}


def test_an_encoder_without_room_leaves_nothing(disk):
    store, method = EncoderStore(disk / "encoders"), torch.nn.Module()
    method.encoder = torch.nn.Linear(400, 400)  # 640 kB
    with pytest.raises(DiskFull):
        store.save("abc", method, {})
    assert list((disk / "encoders").iterdir()) == []


def test_a_cache_without_room_leaves_nothing_and_is_built_once_there_is(disk, tmp_path, monkeypatch):
    monkeypatch.setenv("PROBELINE_CACHE", str(disk))
    (tmp_path / "spec.yaml").write_text(SPEC)
    filler = fill(disk)
    command = [sys.executable, "-m", "probeline.cli", "plan", "spec.yaml"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 2
    assert f"{disk}/datasets/" in told.stderr
    assert "the disk is full; make room there" in told.stderr
    assert "Traceback" not in told.stderr
    filler.unlink()
    parts = {"train": Split(np.zeros((100, 32, 32, 1), np.uint8), np.arange(100) % 10)}
    with pytest.raises(DiskFull):
        cache.write({"train": Split(np.zeros((4000, 32, 32, 1), np.uint8), np.arange(4000) % 10)})
    assert list((disk / "datasets/arrays").iterdir()) == []
    digest = cache.write(parts)
    assert cache.load(digest)["train"].inputs.shape == (100, 32, 32, 1)


def test_a_spool_without_room_keeps_what_it_has_and_the_next_writer_sends_it(disk, tmp_path, uri):
    with Writer(uri, info(), disk) as writer:
        writer.started(trial(1))
        writer.records(trial(1).id, curve(10))
        filler = fill(disk)
        with pytest.raises(DiskFull, match="jsonl: cannot be written, the disk is full"):
            for step in range(11, 1000):
                writer.records(trial(1).id, curve(1, start=step))
        (spool,) = (disk / "spool").glob("*/*.jsonl")
        *_, last = map(json.loads, spool.read_text().splitlines())  # whole lines only
        said = last["records"][-1]["step"]
        assert said < 999
    filler.unlink()
    with Writer(uri, info(), disk) as writer:
        writer.started(trial(1))
        writer.records(trial(1).id, curve(said + 5))
        writer.finished(trial(1).id)
    rows, history = frame(uri, [trial(1)])
    assert rows["status"].tolist() == ["finished"]
    assert history["step"].tolist() == [*range(1, said + 6)]


@pytest.mark.slow
def test_trials_without_room_for_an_encoder_fail_as_infrastructure_and_run_when_there_is(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    with small_disk(tmp_path / ".probeline", kilobytes=20_000) as place:
        filler = fill(place)
        with filler.open("r+b") as file:
            file.truncate(filler.stat().st_size - 200_000)  # enough for spools, not for an encoder
        driver = start(tmp_path)
        said = end(driver)
        assert driver.returncode == 1, said
        assert "4 disk_full" in said
        assert "Traceback" not in said
        assert {run.data.tags["probeline.failure"] for run in trial_runs(tmp_path, "killed")} == {"disk_full"}
        command = [sys.executable, "-m", "probeline.cli", "status", "spec.yaml"]
        shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert shown.count("infrastructure (disk_full)") == 4
        assert "the next run tries it again" in shown
        assert not list(place.rglob("*.part"))
        filler.unlink()
        again = start(tmp_path)
        said = end(again)
        assert again.returncode == 0, said
        check_the_record(tmp_path)


@pytest.mark.slow
def test_a_spool_that_fills_up_in_the_middle_ends_the_run_with_a_message_and_the_next_goes_on(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    with small_disk(tmp_path / ".probeline/spool", kilobytes=4000) as place:
        driver = start(tmp_path)
        wait_for_an_epoch(tmp_path)
        filler = fill(place)
        said = end(driver)
        assert driver.returncode == 2, said
        assert ".probeline/spool/" in said
        assert "the disk is full; make room there" in said
        assert "Traceback" not in said
        filler.unlink()
        again = start(tmp_path)
        said = end(again)
        assert again.returncode == 0, said
        check_the_record(tmp_path)
