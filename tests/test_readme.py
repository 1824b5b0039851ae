"""What the README shows works as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text

README = (Path(__file__).parent.parent / "README.md").read_text()


def block(language: str, first_line: str) -> str:
    (found,) = (b for b in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if b.startswith(first_line))
    return found


def test_the_experiment_explained_line_by_line_is_valid():
    experiment = load_text(block("yaml", "# yaml-language-server"), "README.md")
    labels = [cell.label for cell in cells(experiment)]
    # 2 methods x 2 batch sizes x 2 lengths, less 2 excluded, SimCLR's 4 at 2 temperatures each, and 2 arms
    assert len(labels) == 4 * 2 + 2 + 2


@pytest.mark.parametrize("name", ["my_methods/channel_order.py", "channel_order.yaml"])
def test_the_example_files_are_there(name):
    assert block("python" if name.endswith("py") else "yaml", f"# {name}\n")


def test_a_method_added_in_one_file_runs(tmp_path):
    (tmp_path / "my_methods").mkdir()
    source = block("python", "# my_methods/channel_order.py")
    (tmp_path / "my_methods/channel_order.py").write_text(source.partition("\n")[2])
    (tmp_path / "channel_order.yaml").write_text(block("yaml", "# channel_order.yaml"))
    command = [str(Path(sys.executable).with_name("probeline")), "run", "channel_order.yaml"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "2 trials finished" in said.stdout
