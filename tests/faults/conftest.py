import shutil
from pathlib import Path

import pytest

SPEC = """
name: faults
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: {name: resnet, width: 4}
  method: random_init
  training: {epochs: 2, batch_size: 64, lr: 0.01}
  evaluation: [{name: knn, k: 5}]
arms:
  good: {method: rotation}
  also_good: {}
"""


@pytest.fixture
def folder(tmp_path):
    """A project with two good cells, and the faulty plug-ins to make a third of."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "my_plugins").mkdir()
    shutil.copy(Path(__file__).parents[1] / "helpers/faults/faulty.py", tmp_path / "my_plugins")
    return tmp_path
