"""The wheel, built and installed once: it holds all that a user needs and nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without the network: hatchling is among the tests' own requirements."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([*PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)], check=True)
    (file,) = folder.glob("probeline-*.whl")
    return file


def test_it_holds_every_file_of_the_packages_and_no_other(wheel: Path) -> None:
    command = ["git", "ls-files", "platform/probeline", "dashboards/probeline_dashboard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    wanted = {path.partition("/")[2] for path in listed}
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert wanted <= packed and "probeline/py.typed" in packed
    assert all(name.startswith(("probeline/", "probeline_dashboard/")) for name in packed)


def test_installed_it_lists_its_plug_ins_and_reads_a_spec(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    subprocess.run([*PIP, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import probeline; from probeline.plugins import catalog\n"
        "assert probeline.__file__.startswith(sys.argv[1]), probeline.__file__\n"
        "from probeline.experiment.grid import cells; from probeline.experiment.load import load\n"
        "print(len(catalog.names('methods')), len(cells(load(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", program, str(target), str(ROOT / "experiments" / "quickstart.yaml")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    methods, cells = map(int, done.stdout.split())
    assert methods >= 16 and cells == 11
