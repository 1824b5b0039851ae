"""What plug-ins state of themselves is read without an import, and is of the vocabulary."""

from typing import get_args

import pytest
from probeline.core.declaration import MODALITIES
from probeline.core.method import Method
from probeline.core.sample_spec import Modality
from probeline.plugins import catalog
from probeline.plugins.config_source import BrokenPlugin
from probeline.plugins.declarations import DEFAULTS, data_sets_with, declaration, described, fitting, possible

HEAD = "import a_module_that_is_not_installed\nfrom probeline.core.settings import Settings\n"
CONFIG = "class Config(Settings):\n    form: str = 'images'\n"


@pytest.fixture
def stated(tmp_path, monkeypatch):
    """Writes constants as a module of its own; returns its dotted name."""
    monkeypatch.syspath_prepend(tmp_path)
    package = f"declared_{abs(hash(tmp_path))}"
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("raise RuntimeError('imported')")

    def write(constants, name="ours"):
        (tmp_path / package / f"{name}.py").write_text(f"{HEAD}{constants}\n{CONFIG}")
        return f"{package}.{name}"

    return write


def test_the_modalities_are_those_of_a_sample_spec():
    assert tuple(MODALITIES) == get_args(Modality)


@pytest.mark.parametrize("kind", DEFAULTS)
def test_every_shipped_plugin_states_words_of_the_vocabulary_by_parameters_that_it_has(kind):
    for name in catalog.names(kind):
        assert dict(described(kind, name)) or kind == "protocols", name
        for constant in DEFAULTS[kind]:
            value = catalog.constant(kind, name, constant, None)
            if isinstance(value, dict) and isinstance(next(iter(value.values()), None), dict):
                assert set(value) < set(catalog.any_config(kind, name).model_fields), (name, constant)


@pytest.mark.parametrize("name", catalog.names("methods"))
def test_a_method_states_two_views_and_that_it_trains_nothing_where_its_class_does(name):
    try:
        method = catalog.plugin_class("methods", name, Method)
    except ImportError:
        pytest.skip("an extra that is not installed here")
    assert method.two_views == ("two_views" in possible("methods", name, "GIVES"))
    assert method.trains == catalog.trains(name)


def test_a_missing_constant_means_images_and_no_needs(stated):
    name = stated("")
    assert declaration("encoders", {"name": name}).takes == ("image",)
    assert declaration("methods", {"name": name}).needs == ()
    data = declaration("datasets", {"name": name})
    assert (data.gives, data.labels, data.lists) == (("image",), ("class",), {})
    assert declaration("protocols", {"name": name}).takes == tuple(MODALITIES)


def test_a_constant_may_depend_on_one_parameter(stated):
    name = stated(
        "GIVES = {'form': {'images': 'image', 'strokes': 'series'}}\n"
        "LISTS = {'form': {'images': {'trials': 'episodes'}, 'strokes': ('pairs',)}}"
    )
    assert declaration("datasets", {"name": name, "form": "strokes"}).gives == ("series",)
    assert declaration("datasets", {"name": name, "form": "strokes"}).names("pairs") == ("pairs",)
    assert declaration("datasets", {"name": name, "form": "images"}).names("episodes") == ("trials",)
    assert possible("datasets", name, "GIVES") == ("image", "series")
    with pytest.raises(BrokenPlugin, match="GIVES depends on form, which is 'other'; it has 'images', 'strokes'"):
        declaration("datasets", {"name": name, "form": "other"})


@pytest.mark.parametrize(
    ("kind", "constants", "message"),
    [
        ("encoders", "TAKES = 'image'", "TAKES is 'image'; it is a tuple of words"),
        ("encoders", "TAKES = ()", "TAKES has nothing; allowed: image, waveform"),
        ("encoders", "TAKES = ('pictures',)", r"TAKES has \['pictures'\]; allowed: image, waveform"),
        ("encoders", "GIVES = ('likelihood',)", r"GIVES has \['likelihood'\]; allowed: frames, layers"),
        ("methods", "NEEDS = ('pairs | words',)", r"NEEDS has \['words'\]; allowed: labels, pairs"),
        ("datasets", "GIVES = ('image', 'series')", "GIVES is"),
        ("datasets", "GIVES = 'drawings'", r"GIVES has \['drawings'\]"),
        ("datasets", "LABELS = ('',)", "LABELS has"),
        (
            "datasets",
            "LISTS = {'skilled': 'forgeries'}",
            "LISTS is .*; it names lists and their kinds: pairs, ",
        ),
        ("methods", "NEEDS = tuple('ab')", r"ours\.py:3 NEEDS: tuple has no constant value"),
    ],
)
def test_a_constant_that_is_none_is_the_plugins_own_mistake(stated, kind, constants, message):
    with pytest.raises(BrokenPlugin, match=message):
        declaration(kind, {"name": stated(constants)})


def test_what_fits_a_modality_is_listed():
    assert {"simclr", "rotation"} <= set(fitting("methods", "image"))
    assert "simclr" in fitting("methods", "series") and "rotation" not in fitting("methods", "series")
    assert fitting("losses", "waveform") == catalog.names("losses")
    assert set(fitting("methods", "image", ("likelihood",))) >= {"vae", "vqvae"}
    assert "simclr" not in fitting("methods", "image", ("likelihood",))
    assert "mnist" in data_sets_with(("labels",), ("image",)) and "mnist" not in data_sets_with(("pairs",), ("image",))
