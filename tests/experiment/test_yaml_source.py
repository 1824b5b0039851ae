"""YAML is read by its 1.2 rules, bounded, with a line for everything."""

import pytest
from probeline.experiment.problems import SpecError
from probeline.experiment.yaml_source import parse


def value(text):
    tree, _, problems = parse(text, "a.yaml")
    assert problems == []
    return tree


def refused(text):
    with pytest.raises(SpecError) as caught:
        parse(text, "a.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-3", -3),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("off", "off"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("~", None),
        ("null", None),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("0b1", "0b1"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, meant):
    found = value(f"a: {text}")["a"]
    assert (found, type(found)) == (meant, type(meant))


def test_keys_are_words_whatever_they_look_like():
    assert value("{1: a, true: b, 0.5: c}") == {"1": "a", "true": "b", "0.5": "c"}


def test_anchors_aliases_and_merge_keys_work():
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\nd: {y: 5, <<: [{y: 6, z: 7}, *a]}"
    assert value(text)["b"] == {"x": 1, "y": 3}
    assert value(text)["c"] == {"x": 1, "y": 2}
    assert value(text)["d"] == {"x": 1, "y": 5, "z": 7}


@pytest.mark.parametrize("text", [r'a: "\ud800"', r'"\ud800": 1', r'{"\ud83d\ude00": "\ud83d\ude00"}'])
def test_half_a_surrogate_pair_is_no_text_and_a_pair_is_one_character(text):
    try:
        tree, _, problems = parse(text, "a.yaml")
    except SpecError:
        return  # libyaml refuses such escapes altogether
    assert problems or tree == {"\U0001f600": "\U0001f600"}


def test_every_value_has_its_line():
    _, source, _ = parse("a:\n  b:\n    - 1\n    - c: 2\n", "a.yaml")
    assert [source.where(path) for path in ("a", "a.b", "a.b[1]", "a.b[1].c", "a.b[1].c.d")] == [
        "a.yaml:1",
        "a.yaml:2",
        "a.yaml:4",
        "a.yaml:4",
        "a.yaml:4",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a.yaml:1: empty; an experiment needs at least name and base"),
        ("# only\n", "a.yaml:1: empty; "),
        ("a: [\n", "a.yaml:2: not YAML: "),
        ("a: &x [*x]", "a.yaml:1: *x: no complete anchor &x above it"),
        ("a: *y", "a.yaml:1: "),
        ("a: !!python/name:os.system x", "a.yaml:1: the tag "),
        ("a: 1\n---\nb: 2", "a.yaml:2: a second document; an experiment is one document"),
        ("a: \x00", "a.yaml:1: not YAML: "),
        ("a: \ud800", "a.yaml:1: not UTF-8; "),
        ("[" * 60 + "]" * 60, "a.yaml:1: nested deeper than 50 levels"),
        ("[" * 400_000, "a.yaml:1: "),
        ("#" * 1_000_001, "a.yaml:1: larger than 1 MB; "),
    ],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)
def test_what_cannot_be_read_is_one_clear_line(text, said):
    assert refused(text).startswith(said)
    assert "\n" not in refused(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "a.yaml:3 a: given twice, first on line 1; keep one"),
        ("a: {b: 1,\n b: 2}", "a.yaml:2 a.b: given twice, first on line 1; keep one"),
        ("a: 1e999", "a.yaml:1 a: got '1e999'; a number must be finite"),
        ("a: -.inf", "a.yaml:1 a: got '-.inf'; a number must be finite"),
        ("a: 1234567890123456789", "a.yaml:1 a: got '1234567890123456789'; a whole number has at most 18 digits"),
        ("? [x]\n: 3", "a.yaml:1: a key that is not a plain word"),
        ("a: {<<: 3}", "a.yaml:1 a.<<: merges a value that is not a mapping"),
    ],
)
def test_a_mistake_that_leaves_the_rest_readable_is_collected(text, said):
    assert [str(problem) for problem in parse(text, "a.yaml")[2]] == [said]


def test_a_bomb_of_aliases_is_refused_quickly():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "more than 100,000 values after following its aliases" in refused("\n".join(lines))


def test_a_bomb_of_merge_keys_is_refused_quickly():
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, 12)]
    assert "after following its aliases" in refused("\n".join(lines))


def test_a_long_chain_of_merge_keys_is_refused():
    lines = ["a0: &a0 {k: 1}", *(f"a{i}: &a{i} {{<<: *a{i - 1}}}" for i in range(1, 3000))]
    assert "more than 50 levels after following its aliases" in refused("\n".join(lines))


@pytest.mark.parametrize("merged", ["&e {}", "&e 1"], ids=["nothing", "no mapping"])
def test_a_bomb_of_merges_that_give_nothing_is_refused_quickly(merged):
    inner, outer = ", ".join(["*e"] * 2000), ", ".join(["*a"] * 2000)
    text = f"e: {merged}\na: &a {{<<: [{inner}]}}\nb: {{<<: [{outer}]}}"
    assert "after following its aliases" in refused(text) or "merges a value that is not a mapping" in refused(text)


def test_more_values_than_any_experiment_has_are_refused():
    assert refused("[" + "1," * 200_000 + "]") == "a.yaml:1: more than 100,000 values; an experiment is a short text"


def test_long_keys_over_many_values_are_refused():
    text = f"? {'k' * 100_000}\n: [{', '.join(['1'] * 5000)}]"
    assert "its keys are too long for so many values; shorten them" in refused(text)
