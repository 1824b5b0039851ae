"""Code that a spec names by its module: listed before any of it runs, and refused where that is wished."""

import json

import pytest
from helpers.command_line import SPEC, probeline

METHOD = """
from probeline.methods.floors.random_init import RandomInit
from probeline.core.settings import Settings
from pathlib import Path
Path("imported").touch()


class Config(Settings):
    Path("read").touch()


class Mine(RandomInit):
    pass
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "ours/mine.py").write_text(METHOD)
    (tmp_path / "small.yaml").write_text(SPEC.replace("method: random_init", "method: ours.mine"))
    return tmp_path


def test_a_plan_lists_the_code_and_imports_none_of_it(folder):
    said = probeline("plan", "small.yaml", "--json", folder=folder)
    assert said.returncode == 0, said.stderr
    file = folder / "ours/mine.py"
    assert said.stderr.splitlines() == [f"this spec runs code from: ours.mine ({file})"]
    assert json.loads(said.stdout)["plugins"] == {"ours.mine": str(file)}
    assert not (folder / "imported").exists()


def test_it_is_listed_before_its_config_is_read(folder):
    (folder / "ours/mine.py").write_text(METHOD.replace("    Path", "    raise SystemExit(7)\n    Path"))
    said = probeline("plan", "small.yaml", folder=folder)
    assert said.returncode == 2
    notice, message = said.stderr.splitlines()
    assert notice.startswith("this spec runs code from: ours.mine")
    assert message.endswith("ours/mine.py: its Config fails with SystemExit: 7")


CHAIN = "".join(f"class C{i}(Settings):\n    y: C{i - 1} = C{i - 1}()\n\n\n" for i in range(1, 400))


@pytest.mark.parametrize(
    "source",
    [
        "class Config(Settings):\n    y: int = 1 // 0\n",
        "class Config(Settings):\n    y: " + "list[" * 200 + "int" + "]" * 200 + " = []\n",
        "x = " + "+".join(["1"] * 60_000) + "\nclass Config(Settings):\n    y: int = x\n",
        "class C0(Settings):\n    y: int = 1\n\n\n" + CHAIN + "class Config(Settings):\n    y: C399 = C399()\n",
        "def f():\n    raise SystemExit(3)\n\n\nclass Config(Settings):\n    y: int = Field(default_factory=f)\n",
    ],
    ids=["raises", "deep type", "deep expression", "deep settings", "exits"],
)
def test_a_config_that_fails_or_nests_too_deep_is_that_plugins_message(folder, source):
    head = "from pydantic import Field\nfrom probeline.core.settings import Settings\n\n\n"
    (folder / "ours/mine.py").write_text(head + source)
    said = probeline("plan", "small.yaml", folder=folder)
    assert said.returncode == 2
    notice, message = said.stderr.splitlines()
    assert notice.startswith("this spec runs code from: ours.mine")
    assert message.startswith("small.yaml:7 base.method: ") and "ours" in message


@pytest.mark.parametrize("command", [("plan",), ("run",), ("submit", "--address", "http://127.0.0.1:1")])
def test_forbidden_it_is_one_message_with_its_line_and_nothing_of_it_runs(folder, command):
    first, *more = command
    said = probeline(first, "small.yaml", "--no-plugins", *more, folder=folder)
    assert said.returncode == 2
    (line,) = said.stderr.splitlines()
    assert line.startswith("small.yaml:7 base.method: got 'ours.mine'; plug-ins named by their module are forbidden")
    assert str(folder / "ours/mine.py") in line
    assert not (folder / "read").exists() and not (folder / "imported").exists()


def test_the_environment_forbids_it_to_every_command(folder, monkeypatch):
    monkeypatch.setenv("PROBELINE_PLUGINS", "forbid")
    for command in ("plan", "status", "report"):
        said = probeline(command, "small.yaml", folder=folder)
        assert said.returncode == 2 and "are forbidden" in said.stderr
    assert not (folder / "read").exists()


def test_what_probeline_ships_is_allowed_and_not_listed(folder):
    (folder / "small.yaml").write_text(SPEC)
    said = probeline("plan", "small.yaml", "--no-plugins", folder=folder)
    assert (said.returncode, said.stderr) == (0, "") and "1 new" in said.stdout


@pytest.mark.parametrize(
    "written",
    [
        "evaluation: [ours.mine]",
        "method: random_init\nreport: {figures: [ours.mine]}",
        "data: ours.mine",
        "encoder: ours.mine",
        "method: {name: simclr, loss: ours.mine}",
        "method: {name: simclr, augment: [ours.mine]}",
    ],
)
def test_it_is_refused_wherever_a_component_stands(folder, written):
    (folder / "small.yaml").write_text(f"name: small\nbase:\n  {written}\n")
    said = probeline("plan", "small.yaml", "--no-plugins", folder=folder)
    assert said.returncode == 2 and "ours.mine" in said.stderr and "are forbidden" in said.stderr
