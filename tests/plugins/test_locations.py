"""Plug-ins that packages register by entry points: listed and planned without import, announced, refusable."""

import json

import pytest
from helpers.command_line import SPEC, probeline
from probeline.plugins import catalog

METHOD = '''"""Leaves the encoder alone, as random_init does."""

from pathlib import Path

from probeline.core.method import Method
from probeline.core.settings import Settings

Path("imported").touch()


class Config(Settings):
    strength: float = 1.0


class Mine(Method[Config]):
    trains = False
'''


def install(folder, package, group="probeline.methods", **entries):
    """The metadata of an installed package on Python's path, and its module `mine`, whose parent must not be run."""
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text("from pathlib import Path\n\nPath('parent').touch()\n")
    (folder / package / "mine.py").write_text(METHOD)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture
def folder(tmp_path):
    install(tmp_path, "their_lab", registered_mine="their_lab.mine")
    (tmp_path / "small.yaml").write_text(
        SPEC.replace("method: random_init", "method: {name: registered_mine, strength: 2.0}")
    )
    return tmp_path


def test_a_plan_takes_it_by_name_says_so_and_imports_nothing_of_it(folder):
    run = probeline("plan", "small.yaml", "--json", folder=folder)
    assert run.returncode == 0, run.stderr
    file = str(folder / "their_lab/mine.py")
    assert run.stderr.splitlines() == [f"this spec runs code from: their_lab.mine ({file})"]
    assert json.loads(run.stdout)["plugins"] == {"their_lab.mine": file}
    assert not (folder / "imported").exists() and not (folder / "parent").exists()


def test_its_parameters_are_checked(folder):
    (folder / "small.yaml").write_text((folder / "small.yaml").read_text().replace("strength", "strenght"))
    run = probeline("plan", "small.yaml", folder=folder)
    assert run.returncode == 2 and "did you mean 'strength'?" in run.stderr


def test_forbidden_it_is_one_message_with_its_line(folder):
    run = probeline("plan", "small.yaml", "--no-plugins", folder=folder)
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert line.startswith("small.yaml:7 base.method") and str(folder / "their_lab/mine.py") in line
    assert "plug-ins of installed packages are forbidden (PROBELINE_PLUGINS=forbid)" in line


def test_it_is_listed_with_its_package_and_is_in_the_schema(folder):
    lines = probeline("list", "methods", folder=folder).stdout.splitlines()
    assert any(line.split() == ["registered_mine", "(of", "the", "package", "their_lab)"] for line in lines)
    schema = json.loads(probeline("schema", folder=folder).stdout)
    assert {"const": "registered_mine", "description": "Of the package their_lab."} in [
        each for option in schema["$defs"]["methods"]["anyOf"] for each in option.get("anyOf", ())
    ]
    assert not (folder / "imported").exists() and not (folder / "parent").exists()


def test_the_class_of_a_registered_method_is_imported_when_it_is_asked_for(tmp_path, monkeypatch):
    install(tmp_path, "class_lab", class_mine="class_lab.mine")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    from probeline.core.method import Method

    assert catalog.plugin_class("methods", "class_mine", Method).__name__ == "Mine"
    assert catalog.external_plugins()["class_lab.mine"] == tmp_path / "class_lab/mine.py"


def test_a_name_that_probeline_has_itself_stays_its_own(tmp_path, monkeypatch):
    install(tmp_path, "thief_lab", simclr="thief_lab.mine")
    monkeypatch.syspath_prepend(tmp_path)
    assert "simclr" not in catalog.registered_names("methods")
    assert catalog.module("methods", "simclr").__name__ == "probeline.methods.contrastive.simclr"


def test_of_two_packages_with_one_name_neither_is_taken(tmp_path, monkeypatch):
    install(tmp_path, "first_lab", same_name="first_lab.mine")
    install(tmp_path, "second_lab", same_name="second_lab.mine")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(catalog.UnknownPlugin) as caught:
        catalog.config("methods", "same_name")
    message = str(caught.value)
    assert "several packages have one" in message
    assert "first_lab.mine of first_lab" in message and "second_lab.mine of second_lab" in message


@pytest.mark.parametrize("value", ["broken_lab.not_there", "broken_lab.mine:Mine", "no_package.mine"])
def test_an_entry_point_that_names_no_module_is_a_message_with_its_package(tmp_path, monkeypatch, value):
    install(tmp_path, "broken_lab", broken_mine=value)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(catalog.UnknownPlugin, match="broken_lab registers it as"):
        catalog.config("methods", "broken_mine")


def test_a_name_nearly_right_is_suggested(tmp_path, monkeypatch):
    install(tmp_path, "near_lab", nearest_mine="near_lab.mine")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(catalog.UnknownPlugin, match="did you mean 'nearest_mine'"):
        catalog.config("methods", "nearest_mime")


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_kind_has_its_group(tmp_path, monkeypatch, kind):
    install(tmp_path, f"{kind}_lab", f"probeline.{kind}", plugin_of_theirs=f"{kind}_lab.mine")
    monkeypatch.syspath_prepend(tmp_path)
    assert catalog.registered_names(kind)["plugin_of_theirs"] == f"{kind}_lab"
    assert catalog.summary(kind, "plugin_of_theirs").startswith("Leaves the encoder alone")
