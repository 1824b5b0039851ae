"""A step of every method on the pretended device: nothing in it waits, and its kernels stay few."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from probeline.plugins import catalog

EVERY_OPERATION = ["crop", "flip", "colour", "grey", "blur", "sobel", "cutout", "noise", "rotate", "solarize"]
VARIANTS = {
    "simclr by lars": ("simclr", {}, {"optimizer": "lars"}),
    "simclr by adamw": ("simclr", {}, {"optimizer": "adamw"}),
    "simclr in micro-batches": ("simclr", {}, {"micro_batch": 4}),
    "simclr, all operations": ("simclr", {"augment": [{"name": name} for name in EVERY_OPERATION]}, {}),
    "moco, symmetric": ("moco", {"symmetric": True}, {}),
    "rotation by eighths": ("rotation", {"rotations": [0, 45, 90, 135, 180, 225, 270, 315]}, {}),
    "vqvae by moving averages": ("vqvae", {"codebook": "ema", "restart_below": 0.1}, {}),
    "instance_discrimination, nce": ("instance_discrimination", {"negatives": 8, "proximal": 1.0}, {}),
    "relative_position, projection": ("relative_position", {"guard": "projection"}, {}),
    "vqvae_prior, frozen": ("vqvae_prior", {"freeze_after": 0.1}, {}),
    "cpc, all negatives": ("cpc", {"negatives": None}, {}),
}
LOSSES = [name for name in catalog.names("losses") if name != "pml"]
JOBS = {name: (name, {}, {}) for name in catalog.names("methods")} | VARIANTS
JOBS |= {f"simclr with {loss}": ("simclr", {"loss": {"name": loss}}, {}) for loss in LOSSES}
del JOBS["random_init"]  # which has no step


@pytest.fixture(scope="module")
def steps():
    """What each job's step asked of the device, all of them made in one process."""
    jobs = [({"name": method, **settings}, training) for method, settings, training in JOBS.values()]
    command = [sys.executable, Path(__file__).with_name("steps.py"), json.dumps(jobs)]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    return dict(zip(JOBS, json.loads(printed), strict=True))


@pytest.mark.parametrize("job", JOBS)
def test_no_step_waits_for_the_device(steps, job):
    assert "error" not in steps[job], steps[job]["error"]
    assert steps[job]["waits"] == {}


@pytest.mark.parametrize("job", JOBS)
def test_the_device_gives_the_loss_of_the_cpu(steps, job):
    assert steps[job]["loss"] == pytest.approx(steps[job]["cpu_loss"], rel=1e-5)
