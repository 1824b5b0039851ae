"""Whatever the input, the loader gives an experiment or a SpecError with places: never another exception."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from probeline.experiment.grid import cells
from probeline.experiment.load import load, load_text
from probeline.experiment.problems import SpecError

SOUND = """\
name: demo
base:
  data: digits
  encoder: {name: resnet, depth: 18, width: 8}
  method: &m simclr
  training: {epochs: 10, batch_size: 128, lr: 6e-2, scaling: linear}
  evaluation: [linear_probe, {name: knn, k: 20}]
grid:
  method: [*m, rotation, {name: supervised}]
  training.batch_size: [64, 128]
zip: [{encoder.width: [8, 16], encoder.stem: [cifar, imagenet]}]
when: [{if: {method: simclr}, set: {training.epochs: 3}, grid: {method.temperature: [0.1, 0.2]}}]
exclude: [{method: rotation, training.batch_size: 64}]
arms: {floor: {method: random_init, training.epochs: 0}, raw: {encoder: raw_pixels}}
seeds: 3
scales: {smoke: {set: {training.epochs: 2}, seeds: 1, grid: {training.batch_size: [64]}}}
resources: {cpus: 1, gpus: 0.5}
report: {metric: linear_probe/top1, baseline: floor, figures: [cost], tables: [results]}
"""
PIECES = [*" \n:-[]{},&*!|>'\"#?%@`~\t\0", "- ", ": ", "<<: ", "&a ", "*a", "*m", "!!python/object ", "---\n", "..."]
PIECES += ["0", "-1", "1e999", ".nan", "null", "true", "yes", "1_0", "9" * 30, "0x", "\ud800", "é", "\u2028", "\x85"]
PIECES += ["name", "method", "simclr", "training.", ".", "/", "timm/", "a.b.c", "os.path", "data", "grid", "evaluation"]
SETS = ["training.epochs=3", "seeds=2", "method={name: simclr}", "resources.cpus=2", "method.temperature=.2"]
SETS += [
    "evaluation=knn",
    "evaluation.knn.k=3",
    "evaluation.knn=3",
    "encoder=raw_pixels",
    "training=3",
    "=",
    "data.x=1",
]
QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def survives(text, scale=None, sets=()):
    try:
        cells(load_text(text, "f.yaml", scale, sets))
    except SpecError as error:
        assert error.problems
        for line in str(error).split("\n"):
            assert line.startswith(("f.yaml:", "--set ", "--scale ")), line


@st.composite
def mutations(draw, text=SOUND):
    """The text with a few pieces cut, put in, exchanged or repeated."""
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 10, 60])))
        piece = draw(st.sampled_from([*PIECES, "", text[start:end] * 2]))
        text = text[:start] + piece + text[end:]
    return text


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(PIECES)
words = (
    "name base grid zip when if set exclude arms seeds scales report figures data encoder method training evaluation"
)
keys = st.sampled_from([*words.split(), "training.lr", "method.augment", "evaluation.knn", "k"]) | st.text(max_size=6)
trees = st.recursive(scalars, lambda t: st.lists(t, max_size=4) | st.dictionaries(keys, t, max_size=5), max_leaves=25)


@QUICK
@given(st.text())
def test_any_text(text):
    survives(text)


@QUICK
@given(content=st.binary(max_size=200))
def test_any_bytes(content, tmp_path):
    path = tmp_path / "f.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecError):
        load(path)


@settings(QUICK, max_examples=400)
@given(text=mutations(), scale=st.sampled_from([None, None, "smoke", "x\n"]))
def test_any_mutation_of_a_sound_experiment(text, scale):
    survives(text, scale)


@settings(QUICK, max_examples=200)
@given(st.lists(st.sampled_from(SETS).flatmap(mutations) | st.sampled_from(SETS) | st.text(max_size=12), max_size=3))
def test_any_sets(sets):
    survives(SOUND, "smoke", sets)


@settings(QUICK, max_examples=200)
@given(trees)
def test_any_tree(tree):
    survives(json.dumps(tree))


@settings(QUICK, max_examples=200)
@given(key=keys, below=keys, value=trees)
def test_any_tree_in_a_section_that_is_sound_otherwise(key, below, value):
    sound = {"name": "x", "base": {"data": "digits", "encoder": "resnet", "method": "simclr"}}
    survives(json.dumps(sound | {key: value}))
    survives(json.dumps(sound | {key: {below: value}}))
    survives(json.dumps(sound | {"base": sound["base"] | {below: value}}))
    survives(json.dumps(sound | {"grid": {below: value}, "arms": {"a": {below: value}}}))


def test_what_the_mutations_start_from_is_sound():
    assert len(cells(load_text(SOUND, "f.yaml"))) == 16
