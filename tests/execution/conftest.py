import pytest

SPEC = """
name: tiny
question: Does it run?
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 2, batch_size: 64, lr: 0.1}
  evaluation: [linear_probe, {name: knn, k: 5}]
grid:
  method: [simclr, rotation]
arms:
  raw_pixels: {method: random_init, encoder: raw_pixels}
seeds: 2
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def one_cell(spec):
    """The same with one trial: it takes one worker, and starting a worker is most of what a small run costs."""
    spec.write_text(SPEC.replace("[simclr, rotation]", "[simclr]").partition("arms:")[0] + "seeds: 1\n")
    return spec


@pytest.fixture
def uri(tmp_path):
    return f"sqlite:///{tmp_path}/mlflow.db"
