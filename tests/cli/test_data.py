import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SPEC = """
name: pets
base:
  data: {name: image_folder, path: images}
  encoder: {name: resnet, width: 4}
  method: random_init
  training: {epochs: 1, batch_size: 4}
  evaluation: [{name: knn, k: 1}]
"""


@pytest.fixture
def project(tmp_path) -> Path:
    """A spec and a folder of ten images, one of them a text."""
    (tmp_path / "pets.yaml").write_text(SPEC)
    for number in range(10):
        path = tmp_path / "images" / ("cat" if number % 2 else "do\ng") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(path)
    (tmp_path / "images" / "cat" / "notes.txt").write_text("x")
    return tmp_path


def probeline(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    own = {"PROBELINE_CACHE": str(folder / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "probeline.cli", *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ | own, capture_output=True, text=True)


def test_data_tells_what_was_read_and_draws_a_sheet(project):
    result = probeline(project, "data", "pets.yaml")
    assert result.returncode == 0, result.stderr
    for line in (
        "10 images of 2 classes",
        "stored size  8x8 10",
        "passed over  .txt 1",
        r"do\ng",
        "train 7, validation 1",
    ):
        assert line in result.stdout
    sheet = project / ".probeline" / "data" / "pets.png"
    assert str(sheet) in result.stdout
    with Image.open(sheet) as image:
        assert image.width > 500


def test_data_as_json_names_the_sheet(project):
    result = probeline(project, "data", "pets.yaml", "--json", "--out", "sheet.png")
    (content,) = json.loads(result.stdout)
    assert content["read"]["images"] == 10 and Path(content["contact_sheet"]).is_file()
    assert content["classes"]["cat"] == [4, 0, 1] or sum(content["classes"]["cat"]) == 5


def test_plan_says_in_a_line_what_was_read(project):
    result = probeline(project, "plan", "pets.yaml")
    assert "note: data: 10 images of 2 classes" in result.stdout and "1 files passed over" in result.stdout


def test_damaged_data_are_one_message(project):
    (project / "images" / "cat" / "1.png").write_bytes(b"")
    result = probeline(project, "data", "pets.yaml")
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert "1 of 10 images are damaged" in result.stderr and "on_damaged: skip" in result.stderr
