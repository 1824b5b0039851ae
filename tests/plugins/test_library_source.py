import textwrap

import pytest
from probeline.plugins.library_source import parameters, public_classes

FILES = {
    "__init__.py": "raise RuntimeError('imported')",
    "losses/__init__.py": """
        from .triplet import Triplet
        from .base import Base, _hidden
    """,
    "losses/base.py": """
        from ..records import Records
        class Base(Records):
            def __init__(self, weight, reducer=None, **kwargs):
                super().__init__(**kwargs)
    """,
    "losses/triplet.py": """
        from .base import Base
        class Triplet(Base):
            def __init__(self, margin, swap=False, *, seed, **kwargs):
                super().__init__(weight=1, **kwargs)
        class Plain(Base):
            pass
        class Closed(Base):
            def __init__(self, one=1):
                super().__init__(one)
    """,
    "records.py": """
        class Records:
            def __init__(self, keep=False):
                pass
    """,
}


@pytest.fixture
def classes(tmp_path, monkeypatch):
    for path, text in FILES.items():
        file = tmp_path / "unimported" / path
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(tmp_path)
    public_classes.cache_clear()
    yield public_classes("unimported.losses")
    public_classes.cache_clear()


def test_public_names_are_those_that_the_package_imports(classes):
    assert sorted(classes) == ["Base", "Triplet"]


def test_a_package_that_is_not_installed_has_no_names():
    assert public_classes("surely_not_installed.losses") == {}


def test_parameters_are_a_classs_own_and_what_it_hands_on_less_what_it_fixes(classes):
    triplet = parameters(classes["Triplet"], "Triplet")
    assert triplet.names == ("margin", "swap", "seed", "reducer", "keep")
    assert triplet.required == ("margin", "seed")


def test_without_an_init_of_its_own_a_class_takes_what_its_base_takes(classes):
    assert parameters(classes["Triplet"], "Plain").names == ("weight", "reducer", "keep")


def test_without_kwargs_nothing_is_handed_on(classes):
    assert parameters(classes["Triplet"], "Closed").names == ("one",)
