"""A trial's memory is its own, not that of the trial before it in the same process."""

import sys

import pytest
import torch
from probeline.core.events import Record
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.training.memory import keep_freed_memory, memory_in_use
from probeline.training.trial import run
from probeline.training.trial_storage import Storage

CPU = torch.device("cpu")
MIB = 2**20
SPEC = """
name: tiny
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: raw_pixels
  method: simclr
  training: {epochs: 1, batch_size: 64}
  evaluation: [{name: knn, k: 5}]
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="freed pages are kept, and given back, by glibc")
def test_what_a_former_trial_has_freed_is_not_in_a_trials_peak(uri, tmp_path):
    (tmp_path / "tiny.yaml").write_text(SPEC)
    keep_freed_memory()
    freed = [torch.ones(25_000) for _ in range(6000)]
    held = memory_in_use(CPU)
    freed.clear()
    assert memory_in_use(CPU) > held - 100 * MIB  # it is kept
    said = list(run(make(load(tmp_path / "tiny.yaml"), uri).trials[0], Storage(tmp_path / "storage")))
    (peak,) = [each.value for each in said if isinstance(each, Record) and each.name == "cost/peak_memory_bytes"]
    assert peak < held - 300 * MIB
