"""An experiment written out with all that it extends: it reads as the same, and says what wrote each value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from probeline.experiment import extends
from probeline.experiment.extends import SpecTree
from probeline.experiment.problems import printable
from probeline.experiment.rendering import origins, rendered, whole_text
from probeline.experiment.yaml_source import SpecSource, parse

SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=8)
SCALARS |= st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.text(min_size=1, max_size=6).filter(lambda key: key != "<<" and printable(key) == key)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@given(st.dictionaries(KEYS.filter(lambda key: key != "extends"), VALUES, min_size=1, max_size=4))
def test_it_reads_as_the_same_tree(value):
    tree = SpecTree(value, SpecSource("a.yaml"), [], [])
    again, _, problems = parse(rendered(tree), "again.yaml")
    assert again == value and not problems


@pytest.fixture
def child(tmp_path, base):
    (tmp_path / "base.yaml").write_text(base)
    path = tmp_path / "child.yaml"
    path.write_text("name: child\nextends: base.yaml\nbase: {training: {epochs: 3}}\n")
    return path


def test_each_value_has_the_line_that_wrote_it(child):
    lines = [line.replace(f"{child.parent}/", "").split() for line in rendered(extends.read(child)).splitlines()]
    assert lines[0] == ["name:", "child", "#", "child.yaml:1"]
    assert ["epochs:", "3", "#", "child.yaml:3"] in lines
    assert ["batch_size:", "128", "#", "base.yaml:6"] in lines
    by_path = origins(extends.read(child))
    assert by_path["base.training.epochs"] == {"value": 3, "origin": f"{child}:3"}
    assert by_path["base.encoder.width"]["origin"] == f"{child.parent}/base.yaml:4"


def test_the_whole_text_needs_no_other_file_and_a_plain_file_stays_as_it_is(child, base):
    assert extends.read_text(whole_text(child), "whole.yaml").value == {
        key: value for key, value in extends.read(child).value.items() if key != "extends"
    }
    assert whole_text(child.with_name("base.yaml")) == base
