"""The schema for editors agrees with the loaders on what is sound and on the commonest mistakes."""

import pytest
import yaml
from helpers.shipped_ids import shipped_collections, shipped_experiments
from probeline.experiment.json_schema import spec_schema
from probeline.plugins import catalog

jsonschema = pytest.importorskip("jsonschema")

SOUND = """\
name: demo
question: Which?
base:
  data: digits
  encoder: {name: resnet, depth: 18, width: 8}
  method: simclr
  training: {epochs: 10, batch_size: 128}
  evaluation: [linear_probe, {name: knn, k: 20}]
grid:
  method: [simclr, rotation, {name: supervised}, {temperature: 0.2}]
  training.batch_size: [64, 128]
  training.lr: {slow: 0.1}
zip: [{encoder.width: [8, 16], encoder.depth: [18, 34]}]
when: [{if: {method: simclr}, set: {training.epochs: 3}}]
exclude: [{method: rotation, training.batch_size: 64}]
arms:
  random_init: {method: random_init}
  timm: {encoder: timm/resnet18, evaluation: {knn: {}}}
seeds: 3
scales: {smoke: {set: {training.epochs: 2}, seeds: 1, grid: {training.batch_size: [64]}}}
resources: {cpus: 1, gpus: 0.5}
report: {metric: linear_probe/top1, baseline: random_init, figures: [cost], tables: [results]}
"""


COLLECTION = """\
name: chapter
question: Which?
collection:
  - {system: SimCLR, paper: Chen et al., protocol: knn, spec: demo.yaml, cell: simclr, floor: random_init}
  - system: GPT
    paper: Radford et al.
    protocol: next-token loss
    spec: text.yaml
    cell: context=64
    metric: perplexity/nats
    floor_metric: perplexity/unigram_nats
    scales: {smoke: null, lab: paper}
"""


@pytest.fixture(scope="module")
def validator():
    schema = spec_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_a_sound_experiment_passes(validator):
    assert [error.message for error in validator.iter_errors(yaml.safe_load(SOUND))] == []


@pytest.mark.parametrize(
    ("sound", "other"),
    [
        ("encoder: {name: resnet, depth: 18, width: 8}", "encoder: timm/resnet18"),
        ("method: simclr\n", "method: my_package.my_method\n"),
        ("method: simclr\n", "method: {name: my_package.my_method, anything: 3}\n"),
        ("[linear_probe, {name: knn, k: 20}]", "{linear_probe: {}, knn: {k: 5}}"),
        ("[linear_probe, {name: knn, k: 20}]", "knn"),
        ("seeds: 3", "seeds: [4, 5]"),
    ],
)
def test_other_spellings_pass(validator, sound, other):
    assert sound in SOUND
    assert validator.is_valid(yaml.safe_load(SOUND.replace(sound, other)))


@pytest.mark.parametrize(
    ("sound", "wrong"),
    [
        ("question", "qestion"),
        ("width: 8}", "widht: 8}"),
        ("method: simclr\n", "method: simclrr\n"),
        ("epochs: 10", "epoch: 10"),
        ("batch_size: 128}", "batch_size: 0}"),
        ("k: 20", "k: many"),
        ("[64, 128]", "[]"),
        ("[64, 128]", "[64, wide]"),
        ("name: resnet", "name: timm"),
        ("seeds: 3", "seeds: three"),
        ("[cost]", "[costs]"),
    ],
)
def test_a_mistake_does_not_pass(validator, sound, wrong):
    assert sound in SOUND
    assert not validator.is_valid(yaml.safe_load(SOUND.replace(sound, wrong)))


def test_a_sound_collection_passes(validator):
    assert [error.message for error in validator.iter_errors(yaml.safe_load(COLLECTION))] == []


@pytest.mark.parametrize(
    ("sound", "wrong", "message"),
    [
        ("question", "qestion", "'qestion' was unexpected"),
        ("question: Which?", "seeds: 3", "'seeds' was unexpected"),
        ("floor: random", "flor: random", "'flor' was unexpected"),
        ("paper: Radford et al.", "notes: none", "'paper' is a required property"),
        ("smoke: null", "smoke: 3", "3 is not valid"),
    ],
)
def test_a_mistake_in_a_collection_is_told_as_one_of_a_collection(validator, sound, wrong, message):
    assert sound in COLLECTION
    errors = [error.message for error in validator.iter_errors(yaml.safe_load(COLLECTION.replace(sound, wrong)))]
    assert any(message in error for error in errors), errors


def test_every_parameter_of_every_plugin_is_in_it():
    definitions = spec_schema()["$defs"]
    for kind in catalog.KINDS:
        mappings = [option for option in definitions[kind]["anyOf"] if len(option.get("properties", {})) > 1]
        offered = {name for option in mappings for name in option["properties"]}
        for plugin in catalog.names(kind):
            assert {key.partition(".")[0] for key in catalog.axes(kind, plugin)} <= offered, plugin


@pytest.mark.parametrize("path", shipped_experiments(), ids=lambda path: path.stem)
def test_the_shipped_experiments_pass(validator, path):
    assert [error.message for error in validator.iter_errors(yaml.safe_load(path.read_text()))] == []


@pytest.mark.parametrize("path", shipped_collections(), ids=lambda path: path.stem)
def test_the_shipped_collections_pass_and_name_the_schema(validator, path):
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []
