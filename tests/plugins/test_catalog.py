"""Plug-ins are found, told about and checked without being imported."""

import subprocess
import sys

import pytest
from probeline.plugins import catalog
from probeline.plugins.config_source import BrokenPlugin, PluginSource
from pydantic import ValidationError

PLUGIN = '''"""A method of ours.

Longer words.
"""
from __future__ import annotations

import a_module_that_is_not_installed
from typing import TYPE_CHECKING, Literal
from probeline.core.settings import Settings

if TYPE_CHECKING:
    import another_that_is_not_installed

VERSION = 3
LOWEST = 2
BEST = LOWEST + 1

class Inner(Settings):
    strength: float = 1.0

class Config(Settings):
    size: int = BEST
    inner: Inner = Inner(strength=0.5)
    outer: "Later | None" = None
    kind: Literal["no such name", "b"] = "b"

    def doubled(self):
        return twice(self.size)

def twice(number):
    return 2 * number

class Later(Settings):
    depth: int = 1

class Method(a_module_that_is_not_installed.Base):
    pass
'''


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Writes `text` as a module of its own name in a package whose import fails; returns the dotted name."""
    monkeypatch.syspath_prepend(tmp_path)
    package = f"package_{abs(hash(tmp_path))}"
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("raise RuntimeError('imported')")

    def write(text, name="ours"):
        (tmp_path / package / f"{name}.py").write_text(text)
        return f"{package}.{name}"

    return write


def test_the_files_of_a_folder_are_its_plugins():
    assert {"random_init", "rotation", "simclr", "supervised"} <= set(catalog.names("methods"))
    assert {"resnet", "timm"} <= set(catalog.names("encoders"))
    assert not {"base", "__init__"} & set(catalog.names("methods"))
    assert not [name for kind in catalog.KINDS for name in catalog.names(kind) if name.startswith("_")]


def test_a_config_is_compiled_with_all_it_uses_and_nothing_else(plugin):
    config = catalog.config("methods", plugin(PLUGIN))
    assert (config().size, config().inner.strength, config().doubled()) == (3, 0.5, 6)
    assert config(outer={"depth": 4}).outer.depth == 4


def test_a_config_is_compiled_once(plugin):
    name = plugin(PLUGIN)
    assert catalog.config("methods", name) is catalog.config("methods", name)


def test_summary_version_and_axes_come_from_the_file(plugin):
    name = plugin(PLUGIN)
    assert catalog.summary("methods", name) == "A method of ours."
    assert catalog.version("methods", name) == 3
    assert catalog.axes("methods", name) == ["size", "inner.strength", "outer.depth", "kind"]


def test_a_version_that_is_not_stated_is_one(plugin):
    assert catalog.version("methods", plugin('"""Ours."""')) == 1


def test_a_plugin_is_deterministic_only_where_it_says_so(plugin):
    assert catalog.is_deterministic("encoders", plugin('"""Ours."""\nDETERMINISTIC = True\n'))
    assert catalog.is_deterministic("encoders", "raw_pixels") and not catalog.is_deterministic("encoders", "resnet")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"""Ours."""\n', "has no `class Config(Settings)`"),
        ("class Config:\n    pass\n", "must derive from probeline.core.settings.Settings"),
        ("def broken(:\n", "cannot be read"),
        ("import not_installed\nclass Config(not_installed.Base):\n    pass\n", "ModuleNotFoundError"),
        ("Config = 3\n", "has no `class Config(Settings)`"),
        (
            "from probeline.core.settings import Settings\nclass Config(Settings):\n    name: str = ''\n",
            "no field `name`",
        ),
    ],
)
def test_a_broken_plugin_is_named_with_what_is_wrong(plugin, text, said):
    with pytest.raises(BrokenPlugin, match=r"ours\.py") as caught:
        catalog.config("methods", plugin(text))
    assert said in str(caught.value)


@pytest.mark.parametrize("constant", ["0", "'2'", "True", "1 + 1", "2.0"])
def test_a_version_is_a_plain_whole_number(plugin, constant):
    with pytest.raises(BrokenPlugin, match="VERSION"):
        _ = catalog.version("methods", plugin(f"VERSION = {constant}\n"))


def test_an_unknown_name_comes_with_the_known_ones_and_the_nearest():
    with pytest.raises(catalog.UnknownPlugin, match="did you mean 'simclr'") as caught:
        catalog.config("methods", "simclrr")
    assert caught.value.nearest == "simclr"
    assert caught.value.names == catalog.names("methods")


@pytest.mark.parametrize("name", ["", "..", "a.b", "os.path", ".x", "x.", "sys.nothing", "a b.c", "../x", "base"])
def test_a_name_that_is_no_module_is_unknown(name):
    with pytest.raises(catalog.UnknownPlugin):
        catalog.config("methods", name)


def test_a_variant_is_taken_only_where_there_is_a_field_for_it():
    assert "variant" in catalog.config("encoders", "timm/resnet18").model_fields
    with pytest.raises(catalog.UnknownPlugin, match="takes no variant"):
        catalog.config("encoders", "resnet/18")
    with pytest.raises(catalog.UnknownPlugin, match="write timm/<variant>"):
        catalog.config("encoders", "timm")


def test_validating_never_turns_one_type_into_another(plugin):
    name = plugin(PLUGIN)
    config = catalog.config("methods", name)
    assert catalog.validated(config, {"name": name, "size": 4}).size == 4
    for wrong in ("4", True, 4.5, None):
        with pytest.raises(ValidationError):
            catalog.validated(config, {"name": name, "size": wrong})


def test_listing_and_checking_everything_imports_no_heavy_library():
    code = """
import sys
from probeline.plugins import catalog
for kind in catalog.KINDS:
    for name in catalog.names(kind):
        catalog.summary(kind, name), catalog.version(kind, name), catalog.axes(kind, name)
heavy = {"torch", "numpy", "pandas", "ray", "mlflow", "plotly", "sklearn", "scipy", "PIL"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_a_compiled_config_is_the_imported_one(kind):
    for name in catalog.names(kind):
        try:
            imported = catalog.module(kind, name).Config
        except ImportError:
            continue  # an extra that is not installed here
        assert catalog.any_config(kind, name).model_json_schema() == imported.model_json_schema(), name
        assert catalog.summary(kind, name), f"{kind}/{name} needs a docstring"


def test_settings_are_of_the_imported_config():
    component = {"name": "random_init"}
    assert isinstance(catalog.settings("methods", component), catalog.module("methods", "random_init").Config)


def test_what_binds_a_name_in_a_compound_statement_is_found(tmp_path):
    path = tmp_path / "ours.py"
    path.write_text(
        "from probeline.core.settings import Settings\n"
        "try:\n    import not_installed\n    SIZE = 1\nexcept ImportError:\n    SIZE = 2\n"
        "class Config(Settings):\n    size: int = SIZE\n"
    )
    assert PluginSource(path, "ours").compile()().size == 2


SETTINGS = "from probeline.core.settings import Settings\n\nclass Config(Settings):\n    pass\n"


def test_a_function_is_named_as_its_file_wherever_that_is(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_losses").mkdir()
    for name in ("distance", "nameless"):
        (tmp_path / f"own_losses/{name}.py").write_text("def distance(za, zb):\n    return 0.0\n" + SETTINGS)
    assert catalog.plugin_function("losses", "own_losses.distance")(1, 2) == 0.0
    assert catalog.plugin_function("losses", "pml/TripletMarginLoss").__name__ == "pml"
    with pytest.raises(BrokenPlugin, match=r"nameless\.py: it has no function 'nameless'; losses are functions"):
        catalog.plugin_function("losses", "own_losses.nameless")
