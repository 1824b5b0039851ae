"""Specs that installed packages bring."""

import sys

import pytest
from probeline.errors import UserError
from probeline.experiment.load import load
from probeline.experiment.packages import spec_file
from probeline.experiment.spec_list import listed_specs

BASE = "name: base\nquestion: Is this shared?\nbase: {data: digits, encoder: resnet, method: simclr}\n"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package `my_lab` with a folder of specs, as pip leaves it; importing it would fail."""
    (tmp_path / "my_lab" / "specs").mkdir(parents=True)
    (tmp_path / "my_lab" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "my_lab" / "specs" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "my_lab" / "specs" / "base.yaml").write_text(BASE)
    (tmp_path / "my_lab" / "specs" / "quick.yaml").write_text("name: quick\nextends: base.yaml\nseeds: 2\n")
    (tmp_path / "my_lab-1.0.dist-info").mkdir()
    (tmp_path / "my_lab-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: my-lab\nVersion: 1.0\n")
    (tmp_path / "my_lab-1.0.dist-info" / "entry_points.txt").write_text("[probeline.specs]\nmy_lab = my_lab.specs\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.chdir(tmp_path / "my_lab")
    return tmp_path


def test_a_spec_of_a_package_is_found_by_its_name_without_an_import(installed):
    assert spec_file("my_lab:quick") == installed / "my_lab/specs/quick.yaml"
    assert load(spec_file("my_lab:quick")).question == "Is this shared?"
    assert [one.name for one in listed_specs("my_lab")] == ["my_lab:base", "my_lab:quick"]
    assert {one.name for one in listed_specs()} >= {"my_lab:quick"}


def test_a_spec_here_may_extend_one_of_a_package(installed):
    (installed / "own.yaml").write_text("name: own\nextends: my_lab:base\nseeds: 3\n")
    assert load(installed / "own.yaml").base.method is not None and len(load(installed / "own.yaml").seeds) == 3
    (installed / "own.yaml").write_text("name: own\nextends: my_lab:bas\n")
    with pytest.raises(UserError, match=r"own\.yaml:2 extends: my_lab:bas: unknown; did you mean 'my_lab:base'"):
        load(installed / "own.yaml")


def test_what_is_not_there_is_a_message_with_what_is(installed):
    with pytest.raises(UserError, match=r"my_lab:quik: unknown; did you mean 'my_lab:quick'\?"):
        spec_file("my_lab:quik")
    with pytest.raises(UserError, match=r"no installed package brings specs as 'my_lap'; did you mean 'my_lab'\?"):
        spec_file("my_lap:quick")
    with pytest.raises(UserError, match=r"specs other: unknown; there are my_lab"):
        listed_specs("other")


def test_a_file_is_a_file_also_with_a_colon_in_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a:b.yaml").write_text(BASE)
    assert str(spec_file("a:b.yaml")) == "a:b.yaml" and str(spec_file("./x:y")) == "x:y"
